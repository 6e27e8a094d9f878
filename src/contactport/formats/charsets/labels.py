"""Names of character sets: the labels of the WHATWG's Encoding Standard, and more that Python knows.

The standard reads some sets as their superset (ISO-8859-1 as windows-1252, GB2312 as GB 18030 …), and so do we:
writers name the smaller one and use the larger one. Only listed names are looked up: Python has codecs that are not
character sets, and some that need quadratic time.
"""

from __future__ import annotations

import re

_LABELS = {
    # Python's codec: the labels, the marks between their parts left out.
    "utf_8": "utf8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8n",
    # ASCII is a part of UTF-8, and the standard's windows-1252 would garble UTF-8 that is called ASCII.
    "ascii": "ascii usascii ansix341968 iso646us iso646 us 646 cp367 ibm367 7bit",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859_2": "csisolatin2 iso88592 iso885921987 isoir101 l2 latin2",
    "iso8859_3": "csisolatin3 iso88593 iso885931988 isoir109 l3 latin3",
    "iso8859_4": "csisolatin4 iso88594 iso885941988 isoir110 l4 latin4",
    "iso8859_5": "csisolatincyrillic cyrillic iso88595 iso885951988 isoir144",
    "iso8859_6": "arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 iso88596 iso885961987 iso88596e "
    "iso88596i isoir127",
    "iso8859_7": "csisolatingreek ecma118 elot928 greek greek8 iso88597 iso885971987 isoir126 suneugreek",
    "iso8859_8": "csiso88598e csisolatinhebrew hebrew iso88598 iso885981988 iso88598e isoir138 visual csiso88598i "
    "iso88598i logical",
    "iso8859_10": "csisolatin6 iso885910 isoir157 l6 latin6 iso8859101992",
    "iso8859_13": "iso885913 latin7 l7",
    "iso8859_14": "iso885914 isoceltic latin8 l8 iso8859141998",
    "iso8859_15": "csisolatin9 iso885915 l9 latin9 latin0",
    "iso8859_16": "iso885916 latin10 l10 iso8859162001",
    "koi8_r": "cskoi8r koi koi8 koi8r",
    "koi8_u": "koi8ru koi8u",
    "koi8_t": "koi8t",
    "mac_roman": "csmacintosh mac macintosh xmacroman macroman applemacroman",
    "cp874": "dos874 iso885911 tis620 windows874 cp874 tis6200 tis62025290 tis62025330 tis62025331 "
    "iso8859112001 xwindows874 "
    "thai isoir166 ibm874",
    "cp1250": "cp1250 xcp1250 windows1250",
    "cp1251": "cp1251 xcp1251 windows1251 1251",
    "cp1252": "cp1252 xcp1252 windows1252 1252 cp819 csisolatin1 ibm819 iso88591 iso885911987 isoir100 "
    "l1 latin1 latin ansi",
    "cp1253": "cp1253 xcp1253 windows1253",
    "cp1254": "cp1254 xcp1254 windows1254 csisolatin5 iso88599 iso885991989 isoir148 l5 latin5",
    "cp1255": "cp1255 xcp1255 windows1255",
    "cp1256": "cp1256 xcp1256 windows1256",
    "cp1257": "cp1257 xcp1257 windows1257",
    "cp1258": "cp1258 xcp1258 windows1258",
    "mac_cyrillic": "xmaccyrillic xmacukrainian maccyrillic macukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb231280 gbk isoir58 xgbk gb18030 gb180302000 "
    "gb18030 gb180302005 "
    "gb180302022 windows936 cp936 936 ms936 euccn eucgb2312cn xeuccn gb231280 csgbk csgb18030 xmacchinesesimp",
    "big5hkscs": "big5 big5hkscs cnbig5 csbig5 xxbig5 big5tw xmacchinesetrad xbig5",
    "cp950": "cp950 windows950 950 ms950",
    "euc_jp": "cseucpkdfmtjapanese eucjp xeucjp ujis",
    "iso2022_jp": "csiso2022jp iso2022jp",
    "iso2022_jp_2": "iso2022jp2",
    "iso2022_jp_ext": "iso2022jp1 iso2022jp3 iso2022jp2004 iso2022jpext",
    "cp932": "csshiftjis ms932 mskanji shiftjis sjis windows31j xsjis cp932 windows932 932 cswindows31j "
    "xmsshiftjis ibm943 "
    "cp943 xmacjapanese",
    "shift_jis_2004": "shiftjis2004 sjis2004 shiftjisx0213",
    "cp949": "cseuckr csksc56011987 euckr isoir149 korean ksc56011987 ksc56011989 ksc5601 ksx1001 "
    "windows949 cp949 949 ms949 "
    "uhc xeuckr xwindows949 xmackorean ksc5601 ksc56011992",
    "johab": "johab cp1361 ms1361",
    "iso2022_kr": "csiso2022kr iso2022kr",
    "hz": "hzgb2312 hz",
    "utf_16": "utf16 unicode csunicode iso10646ucs2 ucs2 utf16bom",
    "utf_16_be": "utf16be unicodefffe unicodebe",
    "utf_16_le": "utf16le unicodefeff unicodele",
    "utf_32": "utf32 ucs4 iso10646ucs4",
    # Of DOS, IBM and Apple, which the standard leaves out.
    "cp437": "cp437 ibm437 437 cspc8codepage437 dos437",
    "cp720": "cp720 ibm720 dos720",
    "cp737": "cp737 ibm737 dos737",
    "cp775": "cp775 ibm775 cspc775baltic dos775",
    "cp850": "cp850 ibm850 850 cspc850multilingual dos850",
    "cp852": "cp852 ibm852 852 cspcp852 dos852",
    "cp855": "cp855 ibm855 855 csibm855 dos855",
    "cp857": "cp857 ibm857 857 csibm857 dos857",
    "cp858": "cp858 ibm858 858 ibm00858 cp00858 dos858",
    "cp860": "cp860 ibm860 860 csibm860",
    "cp861": "cp861 ibm861 861 cpis csibm861",
    "cp862": "cp862 ibm862 862 cspc862latinhebrew dos862",
    "cp863": "cp863 ibm863 863 csibm863",
    "cp864": "cp864 ibm864 864 csibm864",
    "cp865": "cp865 ibm865 865 csibm865",
    "cp869": "cp869 ibm869 869 cpgr csibm869",
    "cp1006": "cp1006 ibm1006",
    "cp1125": "cp1125 ibm1125 cp866u ruscii",
    "kz1048": "kz1048 strk10482002 rk1048 cskz1048",
    "ptcp154": "ptcp154 csptcp154 pt154 cp154 cyrillicasian",
    "hp_roman8": "hproman8 roman8 r8 cshproman8",
    "mac_latin2": "xmacce maccentraleurope maclatin2 xmaccentraleurroman maccentraleurroman xmacce",
    "mac_croatian": "xmaccroatian maccroatian",
    "mac_romanian": "xmacromanian macromanian",
    "mac_greek": "xmacgreek macgreek",
    "mac_turkish": "xmacturkish macturkish",
    "mac_iceland": "xmaciceland xmacicelandic maciceland",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_MARKS = re.compile("[^a-z0-9]")
_LONGEST = 64


def codec_of(label: str) -> str | None:
    """Python's codec of a label, whatever its case and the marks between its parts; None for one that "
    "is not known."""
    return _CODECS.get(_MARKS.sub("", label.lower())) if len(label) <= _LONGEST else None
