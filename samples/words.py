"""Word lists for the sample cards. Every person is invented."""

from __future__ import annotations

from typing import NamedTuple


class Script(NamedTuple):
    """First and last names of one script; `joined` ones write the family first, without a space."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    joined: bool = False


LATIN = Script(
    (
        "Alexandra", "Benedikt", "Chiara", "Dmitri", "Elif", "Frédérique", "Giovanni", "Hélène", "Ingrid",
        "João", "Katarzyna", "Løvise", "María José", "Nguyễn", "Óscar", "Priyanka", "Quentin", "Rosalía",
        "Søren", "Tomáš", "Ursula", "Vígdís", "Wojciech", "Xiomara", "Yusuf", "Zoë", "Anne-Sophie",
        "Jean-Baptiste", "Mary Ann", "Oluwaseun",
    ),
    (
        "Almeida", "Björnsdóttir", "Castañeda", "D'Angelo", "Ericsson", "Fitzgerald", "García Márquez",
        "Hübner", "Iłłakowicz", "Jørgensen", "Kowalczyk", "Lindqvist", "Müller-Lüdenscheidt", "Novák",
        "O'Brien", "Papadopoulos", "Quispe", "Rădulescu", "Šimůnek", "Takács", "Uçar", "van der Berg",
        "Whitfield", "Xhaferi", "Yıldırım", "Zielińska", "de la Cruz", "McAllister", "Saint-Exupéry",
        "Okonkwo",
    ),
)  # fmt: skip

SCRIPTS = (
    Script(
        ("美咲", "健太", "さくら", "大輔", "Ｋｅｉ", "陽子"),
        ("佐藤", "鈴木", "髙橋", "田中", "渡邉", "伊集院"),
        True,
    ),
    Script(("伟", "芳", "秀英", "建國", "子涵", "𠮷祥"), ("王", "李", "歐陽", "張", "司马", "陈"), True),
    Script(("서연", "민준", "지우", "하은"), ("김", "이", "박", "남궁"), True),
    Script(
        ("محمد", "فاطمة", "عبد الرحمن", "ليلى", "يوسف"), ("العلي", "الحسيني", "بن سعيد", "خوري", "النجار")
    ),
    Script(("דוד", "נועה", "אורי"), ("כהן", "לוי", "בן־גוריון")),
    Script(
        ("Анна", "Дмитрий", "Святослав", "Олександра", "Ђорђе"),
        ("Иванова", "Достоевский", "Шевченко", "Петровић", "Заболотний"),
    ),
    Script(("Ελένη", "Γιώργος", "Αικατερίνη"), ("Παπαδοπούλου", "Καζαντζάκης", "Οικονόμου")),
    Script(("आरती", "विक्रम", "ลลิตา", "தமிழ்"), ("शर्मा", "चौधरी", "สุขใจ", "செல்வி")),
    Script(("Sam 🎸", "Lee 👩‍🚀", "Noor 🌱"), ("Rivers", "🏳️‍🌈 Park", "Stone")),
)

LONG = (
    "Maria do Carmo Mão de Ferro e Cunha de Almeida Santa Rita Santos Abreu",
    "Wolfeschlegelsteinhausenbergerdorff Ohnesorge von und zu Hohenlohe-Schillingsfürst",
    "Rukshani Weerasinghe Arachchilage Kumudu Malkanthi Senanayake Bandara",
)

HOSTS = (
    "example.com",
    "example.net",
    "example.org",
    "mail.example",
    "post.example",
    "work.example",
    "uni.example",
)
COMPANIES = (
    ("Nordlicht Werke GmbH & Co. KG", "Versand"),
    ("Blue Heron Books, Ltd.", "Rights, Licences"),
    ("株式会社みなと", "営業部"),
    ("Ferme des Trois Chênes", ""),
    ("ООО «Ромашка»", "Отдел; снабжение"),
    ("Asha Clinic", "Paediatrics"),
    ("Harbour & Sons", "Freight"),
    ("Estudio Quetzal", "Diseño"),
)
TITLES = (
    "Editor",
    "Geschäftsführerin",
    "Ingénieur principal",
    "営業部長",
    "Head of Freight, North",
    "Pediatra",
    "Бухгалтер",
)
STREETS = (
    ("12 Harbour Street", "Port Ellery", "Northshire", "NE4 7QX", "United Kingdom"),
    ("Lindenallee 47a; Hinterhaus", "Köln", "NRW", "50968", "Deutschland"),
    ("3, rue de l'Église", "Saint-Malo", "", "35400", "France"),
    ("港区芝公園４丁目２−８", "東京", "東京都", "105-0011", "日本"),
    ("ул. Садовая, д. 5, кв. 12", "Санкт-Петербург", "", "191023", "Россия"),
    ("Av. Reforma 222, Piso 3", "Ciudad de México", "CDMX", "06600", "México"),
    ("429 Leopold Terrace", "Rossie", "TX", "61887", "USA"),
)
NOTES = (
    "Met at the book fair in spring; prefers e-mail to the telephone.",
    "Allergic to nuts.\nLikes long walks, and short meetings.",
    "Owes me a lunch, or two; I owe her a book. The one about lighthouses, with the blue cover, not the red.",
    "隣の席の人。辛いものが好き。",
    "Только по вторникам, после обеда.",
    "يفضل الاتصال مساءً",
    "Path on the old server: C:\\books\\2019; ask before copying.",
)
CATEGORIES = ("Friends", "Family", "Work", "Book club", "Choir, Thursdays", "Nachbarn", "旅行")
LABELS = ("_$!<Other>!$_", "_$!<HomePage>!$_", "Allotment", "Boat", "Ferienhaus", "別荘")
