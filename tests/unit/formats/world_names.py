"""Names, places and companies in many languages, for files in every character set. Every person is invented."""

from __future__ import annotations

from typing import NamedTuple


class People(NamedTuple):
    """`joined` names are written family first, without a space."""

    codecs: tuple[str, ...]
    given: str
    family: str
    others: str
    joined: bool = False


_CYRILLIC = ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic")
_WESTERN = ("cp1252", "mac_roman", "iso8859_15")
_CENTRAL = ("cp1250", "iso8859_2")

PEOPLE: dict[str, People] = {
    "russian": People(
        _CYRILLIC,
        "Алексей Мария Игорь Ольга Сергей Наталья Юлия Виктор Екатерина Пётр Любовь Григорий Жанна Эдуард",
        "Смирнов Кузнецова Попов Соколова Лебедев Козлова Новиков Морозова Щербаков Цветкова Чехов Яковлева Фёдоров",
        "Москва|Санкт-Петербург|ООО Ромашка|Невский проспект 12|бухгалтер|позвонить в четверг",
    ),
    "bulgarian": People(
        ("cp1251", "iso8859_5"),
        "Георги Мария Димитър Елена Христо Цветелина Стефан Радка Йордан Живко",
        "Иванов Петрова Димитров Стоянова Ангелов Тодорова Желязков Гюзелева Костов Божинова",
        "София|Пловдив|Велико Търново|улица Шипка 6|счетоводител",
    ),
    "ukrainian": People(
        ("cp1251", "koi8_u"),
        "Олександр Оксана Тарас Леся Андрій Наталія Юрій Ірина Євген Зоряна",
        "Шевченко Коваленко Бондаренко Ткаченко Кравчук Мельник Гнатюк Їжакевич Петлюра Ющенко",
        "Київ|Львів|Харків|вулиця Хрещатик 7|подруга з інституту",
    ),
    "greek": People(
        ("cp1253", "iso8859_7"),
        "Γιώργος Μαρία Δημήτρης Ελένη Νίκος Κατερίνα Ιωάννης Σοφία Βασίλης Άννα Παναγιώτης",
        "Παπαδόπουλος Νικολάου Γεωργίου Καραγιάννης Οικονόμου Βλάχος Σταθόπουλος Ζαφείρης Αλεξίου Χατζής",
        "Αθήνα|Θεσσαλονίκη|οδός Ερμού 4|λογιστής|Ελληνική Εταιρεία",
    ),
    "hebrew": People(
        ("cp1255",),
        "משה שרה דניאל רחל יוסף מיכל אברהם תמר איתן נעמי יצחק",
        "כהן לוי מזרחי פרץ ביטון אברהם פרידמן שפירא גולדברג אזולאי חדד",
        "תל אביב|ירושלים|חיפה|רחוב הרצל 5|מנהל מכירות",
    ),
    "arabic": People(
        ("cp1256",),
        "محمد أحمد فاطمة علي خديجة عمر زينب حسن عائشة إبراهيم سعيد",
        "العلي الأحمد حسين عبدالله الخطيب المصري الشامي منصور القحطاني الزهراني",
        "القاهرة|دمشق|الرياض|شارع الملك فهد|مدير المبيعات",
    ),
    "thai": People(
        ("cp874",),
        "สมชาย สมหญิง ประยุทธ์ วิชัย มาลี สุดา ณัฐพล พรทิพย์ อนันต์ กมล",
        "ใจดี ทองคำ ศรีสุข วงศ์สวัสดิ์ แสงทอง บุญมา เจริญสุข รัตนพร สุวรรณ พงษ์ไพร",
        "กรุงเทพ|เชียงใหม่|ถนนสุขุมวิท|บริษัท ไทย จำกัด|ผู้จัดการ",
    ),
    "japanese": People(
        ("cp932", "euc_jp"),
        "健一 美咲 大輔 陽子 翔太 さくら 裕子 拓海 恵美 誠",
        "佐藤 鈴木 高橋 田中 渡辺 伊藤 山本 中村 小林 加藤 吉田 長谷川",
        "東京都千代田区|大阪市北区|株式会社山田商店|営業部|ヤマダ タロウ",
        joined=True,
    ),
    "chinese": People(
        ("gb18030",),
        "伟 芳 秀英 敏 建国 丽华 晓东 志强 雪梅 子轩",
        "王 李 张 刘 陈 杨 黄 赵 周 吴 欧阳",
        "北京市海淀区|上海市浦东新区|华为技术有限公司|销售经理|大学同学",
        joined=True,
    ),
    "taiwanese": People(
        ("big5",),
        "志明 春嬌 家豪 淑芬 雅婷 建宏 怡君 俊傑 美玲 宗翰",
        "陳 林 黃 張 李 王 吳 劉 蔡 楊",
        "台北市信義區|高雄市|大同股份有限公司|業務經理|國中同學",
        joined=True,
    ),
    "korean": People(
        ("cp949",),
        "민준 서연 지훈 수빈 영희 철수 하은 현우 미경 성호",
        "김 이 박 최 정 강 조 윤 장 임 한",
        "서울특별시 강남구|부산광역시|삼성전자|영업부장|대학교 친구",
        joined=True,
    ),
    "polish": People(
        _CENTRAL,
        "Łukasz Małgorzata Paweł Agnieszka Józef Bożena Grażyna Michał Sławomir Zbigniew",
        "Wiśniewski Wójcik Kowalczyk Zieliński Dąbrowska Szymańska Woźniak Kozłowski Jabłoński Gołębiewska",
        "Łódź|Kraków|Gdańsk|ulica Świętokrzyska 3|księgowa",
    ),
    "czech": People(
        _CENTRAL,
        "Jiří Tomáš Eliška Lukáš Kateřina Ondřej Zdeněk Věra František Růžena",
        "Dvořák Černý Procházka Kučera Veselý Němcová Pokorná Růžička Šťastný Říha",
        "Brno|Plzeň|Dlouhá třída 8|účetní|kamarád ze školy",
    ),
    "hungarian": People(
        _CENTRAL,
        "László Erzsébet Győző József Zsófia Gergő Sándor Ágnes Lőrinc Tünde",
        "Nagy Kovács Tóth Szabó Horváth Kőszegi Szűcs Fülöp Erdős Gyöngyösi Bőhm",
        "Győr|Hódmezővásárhely|Fő utca 2|könyvelő|régi barát",
    ),
    "croatian": People(
        _CENTRAL,
        "Željko Ana Đuro Snježana Siniša Anđela Hrvoje Ružica Žarko Ivan",
        "Horvat Kovačević Babić Marić Jurić Knežević Vuković Šimić Đurđević Tomašić",
        "Šibenik|Varaždin|Poreč|Ilica 5|računovođa",
    ),
    "romanian": People(
        _CENTRAL,
        "Ştefan Ioana Mădălina Cătălin Răzvan Simona Bogdan Anuţa Vlăduţ Gheorghiţă",
        "Popescu Ionescu Ţiriac Bălan Stănescu Niţă Mureşan Brâncuşi Dumitraş Cîrstea",
        "Bucureşti|Timişoara|Iaşi|Strada Florilor 4|contabilă",
    ),
    "turkish": People(
        ("cp1254",),
        "Ayşe Mehmet Gülşen İbrahim Çağlar Özge Işıl Tuğba Oğuz Şükrü",
        "Yılmaz Çelik Şahin Yıldız Öztürk Aydın Kılıç Doğan Güneş Arslan",
        "İstanbul|İzmir|Eskişehir|Bağdat Caddesi 9|muhasebe müdürü",
    ),
    "lithuanian": People(
        ("cp1257",),
        "Šarūnas Eglė Jūratė Žygimantas Rūta Algirdas Dovilė Mindaugas Živilė Česlovas",
        "Kazlauskas Jankauskienė Petrauskas Stankevičius Žukauskaitė Butkevičius Paulauskienė Šimkus Ūselis",
        "Kaunas|Klaipėda|Šiauliai|Gedimino prospektas 1|buhalterė",
    ),
    "latvian": People(
        ("cp1257",),
        "Jānis Kristīne Pēteris Līga Mārtiņš Ilze Ģirts Zane Kārlis Inguna",
        "Bērziņš Kalniņa Ozoliņš Liepiņa Krūmiņš Eglītis Šķēle Zariņa Vītols Pētersone",
        "Rīga|Jūrmala|Brīvības iela 3|grāmatvede",
    ),
    "vietnamese": People(
        ("cp1258",),
        "Hương Tuấn Thảo Đức Hằng Dũng Phượng Hải Ngọc Bình",
        "Nguyễn Trần Lê Phạm Hoàng Vũ Võ Đặng Bùi Đỗ Hồ",
        "Hà Nội|Đà Nẵng|Thành phố Hồ Chí Minh|đường Lê Lợi|kế toán",
    ),
    "german": People(
        _WESTERN,
        "Jörg Käthe Günther Sören Bärbel Jürgen Anna Peter Heike Björn",
        "Müller Schäfer Köhler Weiß Krüger Böhm Schmidt Jäger Großmann Vögele",
        "München|Köln|Düsseldorf|Königstraße 3|Geschäftsführer",
    ),
    "french": People(
        _WESTERN,
        "François Hélène Étienne Zoé Jérôme Chloé Anaïs Benoît Agnès Raphaël",
        "Lefèvre Bérenger Gauthier Hervé Forêt Besançon Pérès Châtelain Dupré Noël",
        "Orléans|Évreux|rue de l'Église 8|comptable à mi-temps|Société générale",
    ),
    "spanish": People(
        _WESTERN,
        "José María Iñaki Sofía Andrés Ramón Verónica Jesús Lucía Íñigo",
        "García Muñoz López Ibáñez Rodríguez Núñez Pérez Zúñiga Martínez Gómez",
        "Málaga|León|calle Peñalver 4|dirección técnica",
    ),
    "portuguese": People(
        _WESTERN,
        "João Inês Antônio Conceição Sebastião Mônica Gonçalo Luís Estêvão Cláudia",
        "Gonçalves Simões Araújo Conceição Brandão Magalhães Guimarães Falcão Corrêa Antunes",
        "São Paulo|Brasília|Rua da Consolação 7|gerente de produção",
    ),
    "swedish": People(
        _WESTERN,
        "Åsa Björn Märta Göran Hjördis Lars Erik Sören Åke Anna",
        "Sjöberg Lindström Åkesson Bergqvist Nyström Öberg Hägg Löfgren Andersson Söderlund",
        "Malmö|Göteborg|Västerås|Drottninggatan 5|försäljning",
    ),
    "danish": People(
        _WESTERN,
        "Søren Åse Jørgen Bjørn Kåre Ægir Mette Lærke Rasmus Torbjørn",
        "Sørensen Kjær Møller Østergaard Nørgaard Åberg Jensen Bødker Dahlgård Skjærven",
        "København|Tromsø|Ålesund|Strøget 4|regnskabsfører",
    ),
}
"""By language: the sets that its files come in, and three lists of words."""
