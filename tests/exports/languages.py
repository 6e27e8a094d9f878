"""Tables that people write themselves, in many languages: thirteen headers, and the character sets of each language.

The people in them are those of `world_names.py`, where the language is among them.
"""

from __future__ import annotations

from typing import NamedTuple

FIELDS = (
    *("given_name", "family_name", "email", "phone.mobile", "phone.home", "organisation", "title"),
    *("address.street", "address.city", "address.postal_code", "address.country", "birthday", "notes"),
)
"""What the headers of each language are."""


class Language(NamedTuple):
    """`people` is a key of `world_names.PEOPLE`, `codecs` are sets beside the forms of Unicode."""

    headers: str
    people: str = "german"
    codecs: tuple[str, ...] = ()


LANGUAGES: dict[str, Language] = {
    "English": Language(
        "First Name|Last Name|E-mail|Mobile|Home Phone|Company|Job Title|Street|City|ZIP|Country|Birthday|Notes"
    ),
    "German": Language(
        "Vorname|Nachname|E-Mail|Handy|Telefon privat|Firma|Beruf|Straße|Ort|PLZ|Land|Geburtstag|Bemerkung",
        "german",
        ("cp1252", "mac_roman"),
    ),
    "French": Language(
        "Prénom|Nom|Adresse e-mail|Portable|Téléphone domicile|Société|Fonction|Rue|Ville|Code postal|Pays"
        "|Date de naissance|Remarques",
        "french",
        ("cp1252", "mac_roman"),
    ),
    "Spanish": Language(
        "Nombre|Apellidos|Correo electrónico|Móvil|Teléfono particular|Empresa|Cargo|Calle|Ciudad|Código postal"
        "|País|Fecha de nacimiento|Notas",
        "spanish",
        ("cp1252",),
    ),
    "Italian": Language(
        "Nome|Cognome|Indirizzo e-mail|Cellulare|Telefono casa|Azienda|Professione|Via|Città|CAP|Paese"
        "|Data di nascita|Note",
        "french",
        ("cp1252",),
    ),
    "Portuguese": Language(
        "Nome|Sobrenome|E-mail|Celular|Telefone residencial|Empresa|Cargo|Rua|Cidade|CEP|País"
        "|Data de nascimento|Observações",
        "portuguese",
        ("cp1252",),
    ),
    "Dutch": Language(
        "Voornaam|Achternaam|E-mailadres|Mobiel|Telefoon thuis|Bedrijf|Functie|Straat|Woonplaats|Postcode|Land"
        "|Geboortedatum|Opmerkingen",
    ),
    "Swedish": Language(
        "Förnamn|Efternamn|E-post|Mobil|Hemtelefon|Företag|Titel|Gata|Ort|Postnummer|Land|Födelsedatum|Anteckningar",
        "swedish",
        ("cp1252",),
    ),
    "Danish": Language(
        "Fornavn|Efternavn|E-mail|Mobil|Privattelefon|Firma|Stilling|Gade|By|Postnr.|Land|Fødselsdag|Noter",
        "danish",
        ("cp1252",),
    ),
    "Norwegian": Language(
        "Fornavn|Etternavn|E-post|Mobil|Telefon privat|Bedrift|Stilling|Gate|Poststed|Postnummer|Land"
        "|Fødselsdato|Merknader",
        "danish",
    ),
    "Finnish": Language(
        "Etunimi|Sukunimi|Sähköposti|Matkapuhelin|Kotipuhelin|Yritys|Ammatti|Katuosoite|Kaupunki|Postinumero|Maa"
        "|Syntymäaika|Huomautukset",
        "swedish",
    ),
    "Polish": Language(
        "Imię|Nazwisko|Adres e-mail|Telefon komórkowy|Telefon domowy|Firma|Stanowisko|Ulica|Miasto|Kod pocztowy"
        "|Kraj|Data urodzenia|Uwagi",
        "polish",
        ("cp1250", "iso8859_2"),
    ),
    "Czech": Language(
        "Jméno|Příjmení|E-mail|Mobil|Telefon domů|Firma|Povolání|Ulice|Město|PSČ|Země|Datum narození|Poznámka",
        "czech",
        ("cp1250",),
    ),
    "Slovak": Language(
        "Meno|Priezvisko|E-mail|Mobil|Telefón domov|Firma|Povolanie|Ulica|Mesto|PSČ|Krajina|Dátum narodenia|Poznámka",
        "czech",
    ),
    "Hungarian": Language(
        "Keresztnév|Vezetéknév|E-mail cím|Mobil|Otthoni telefon|Cég|Beosztás|Utca|Város|Irányítószám|Ország"
        "|Születési dátum|Megjegyzés",
        "hungarian",
        ("cp1250",),
    ),
    "Romanian": Language(
        "Prenume|Nume|Adresă email|Telefon mobil|Telefon acasă|Companie|Funcție|Stradă|Oraș|Cod poștal|Țară"
        "|Data nașterii|Observații",
        "romanian",
    ),
    "Croatian": Language(
        "Ime|Prezime|E-pošta|Mobitel|Telefon kućni|Tvrtka|Zanimanje|Ulica|Grad|Poštanski broj|Država"
        "|Datum rođenja|Napomena",
        "croatian",
        ("cp1250",),
    ),
    "Slovenian": Language(
        "Ime|Priimek|E-pošta|Mobitel|Telefon doma|Podjetje|Poklic|Ulica|Kraj|Poštna številka|Država"
        "|Datum rojstva|Opombe",
        "croatian",
    ),
    "Estonian": Language(
        "Eesnimi|Perekonnanimi|E-post|Mobiiltelefon|Telefon kodus|Ettevõte|Amet|Tänav|Linn|Postiindeks|Riik"
        "|Sünnipäev|Märkused",
    ),
    "Latvian": Language(
        "Vārds|Uzvārds|E-pasts|Mobilais|Tālrunis mājās|Uzņēmums|Amats|Iela|Pilsēta|Pasta indekss|Valsts"
        "|Dzimšanas datums|Piezīmes",
        "latvian",
        ("cp1257",),
    ),
    "Lithuanian": Language(
        "Vardas|Pavardė|El. paštas|Mobilusis telefonas|Namų telefonas|Įmonė|Pareigos|Gatvė|Miestas|Pašto kodas"
        "|Šalis|Gimimo data|Pastabos",
        "lithuanian",
        ("cp1257",),
    ),
    "Catalan": Language(
        "Nom|Cognoms|Correu electrònic|Mòbil|Telèfon particular|Empresa|Càrrec|Carrer|Ciutat|Codi postal|País"
        "|Data de naixement|Observacions",
        "spanish",
    ),
    "Greek": Language(
        "Όνομα|Επώνυμο|Email|Κινητό|Τηλέφωνο οικίας|Εταιρεία|Επάγγελμα|Οδός|Πόλη|Τ.Κ.|Χώρα|Ημερομηνία γέννησης"
        "|Παρατηρήσεις",
        "greek",
        ("cp1253",),
    ),
    "Turkish": Language(
        "Adı|Soyadı|E-posta|Cep Telefonu|Ev Telefonu|Şirket|Meslek|Cadde|Şehir|Posta Kodu|Ülke|Doğum Tarihi|Notlar",
        "turkish",
        ("cp1254",),
    ),
    "Russian": Language(
        "Имя|Фамилия|Электронная почта|Мобильный|Домашний телефон|Компания|Должность|Улица|Город|Индекс|Страна"
        "|Дата рождения|Примечание",
        "russian",
        ("cp1251", "koi8_r"),
    ),
    "Ukrainian": Language(
        "Ім'я|Прізвище|Ел. пошта|Мобільний|Домашній телефон|Компанія|Посада|Вулиця|Місто|Індекс|Країна"
        "|Дата народження|Примітки",
        "ukrainian",
        ("cp1251",),
    ),
    "Bulgarian": Language(
        "Име|Фамилия|Имейл|Мобилен телефон|Домашен телефон|Фирма|Длъжност|Улица|Град|Пощенски код|Държава"
        "|Дата на раждане|Бележки",
        "bulgarian",
        ("cp1251",),
    ),
    "Hebrew": Language(
        "שם פרטי|שם משפחה|דואר אלקטרוני|טלפון נייד|טלפון בבית|חברה|תפקיד|רחוב|עיר|מיקוד|מדינה|תאריך לידה|הערות",
        "hebrew",
        ("cp1255",),
    ),
    "Arabic": Language(
        "الاسم الأول|اسم العائلة|البريد الإلكتروني|الجوال|هاتف المنزل|الشركة|الوظيفة|الشارع|المدينة|الرمز البريدي"
        "|الدولة|تاريخ الميلاد|ملاحظات",
        "arabic",
        ("cp1256",),
    ),
    "Persian": Language(
        "نام|نام خانوادگی|ایمیل|تلفن همراه|تلفن منزل|شرکت|شغل|خیابان|شهر|کد پستی|کشور|تاریخ تولد|توضیحات",
        "arabic",
    ),
    "Hindi": Language(
        "पहला नाम|उपनाम|ईमेल|मोबाइल|घर का फ़ोन|कंपनी|पद|सड़क|शहर|पिन कोड|देश|जन्म तिथि|टिप्पणी",
    ),
    "Thai": Language(
        "ชื่อ|นามสกุล|อีเมล|มือถือ|โทรศัพท์ที่บ้าน|บริษัท|ตำแหน่ง|ถนน|เมือง|รหัสไปรษณีย์|ประเทศ|วันเกิด|หมายเหตุ",
        "thai",
        ("cp874",),
    ),
    "Vietnamese": Language(
        "Tên|Họ|Địa chỉ email|Di động|Điện thoại nhà riêng|Công ty|Chức vụ|Đường|Thành phố|Mã bưu điện|Quốc gia"
        "|Ngày sinh|Ghi chú",
        "vietnamese",
    ),
    "Indonesian": Language(
        "Nama Depan|Nama Belakang|Alamat Email|Nomor HP|Telepon Rumah|Perusahaan|Jabatan|Jalan|Kota|Kode Pos|Negara"
        "|Tanggal Lahir|Catatan",
    ),
    "Japanese": Language(
        "名|姓|メールアドレス|携帯電話|自宅電話|会社名|役職|番地|市区町村|郵便番号|国|生年月日|備考",
        "japanese",
        ("cp932", "euc_jp"),
    ),
    "Korean": Language(
        "이름|성|이메일|휴대폰|집 전화|회사|직책|도로명|도시|우편번호|국가|생년월일|비고",
        "korean",
        ("cp949",),
    ),
    "Chinese": Language(
        "名|姓|电子邮箱|手机|家庭电话|公司|职位|街道|城市|邮编|国家|出生日期|备注",
        "chinese",
        ("gb18030",),
    ),
    "Chinese, traditional": Language(
        "名|姓|電子郵件|手機|住家電話|公司|職稱|街道|城市|郵遞區號|國家|出生日期|備註",
        "taiwanese",
        ("big5hkscs",),
    ),
}


def headers(language: Language) -> list[tuple[str, str]]:
    """Headers with their fields."""
    return list(zip(language.headers.split("|"), FIELDS, strict=True))
