"""Market symbols in a text: cashtags, exchange codes and bare codes in a context that makes them codes.

Each has one canonical form whatever its notation: ``BRK.B``, ``00700.HK``, ``600519.SH``.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_APART = r"(?<![A-Za-z0-9_$.])"
_END = r"(?![A-Za-z0-9_]|\.[0-9])"
_NO_UNIT = "(?!(?:bn|mn|tn|mm|us|usd)(?![a-z]))"
_UPPER = "[A-Z]{1,6}(?:[./-][A-Z]{1,2})?"
_LOWER = "[a-z]{2,5}(?:[./-][a-z])?"
_EXCHANGES = {
    **dict.fromkeys(("SH", "SS", "SSE", "SHSE", "XSHG"), "SH"),
    **dict.fromkeys(("SZ", "SZSE", "XSHE"), "SZ"),
    **dict.fromkeys(("BJ", "BSE"), "BJ"),
    **dict.fromkeys(("HK", "HKEX", "SEHK", "HKG", "XHKG"), "HK"),
}
_AMERICAN = "NASDAQ|NYSE|NYSEARCA|AMEX|NYSEAMERICAN|OTC|OTCMKTS|CBOE"

# Most texts hold none of these, and one quick look tells.
_MAY_BE_THERE = re.compile(r"[$＄﹩]|[0-9]{5}|[A-Z]\.[AB]|[0-9]\.[Hh]|[A-Z]\s?:\s?[A-Z0-9]")
_SYMBOL = re.compile(
    "|".join(
        (
            # $TSLA, $BRK.B, $tsla; not $100, US$, $A_B, $bn.
            rf"(?<![A-Za-z0-9_$])[$＄﹩]{_NO_UNIT}(?P<cashtag>{_UPPER}|{_LOWER}){_END}",
            # 600519.SH, 700.HK, 0700.hk.
            rf"{_APART}(?P<code>[0-9]{{6}})\.(?P<china>(?i:SH|SS|SZ|BJ|XSHG|XSHE)){_END}",
            rf"{_APART}(?P<number>[0-9]{{1,5}})\.(?i:HK){_END}",
            # SH600519, sz.000001, HK00700, HK.00700.
            rf"{_APART}(?P<before>(?i:SH|SZ|BJ))\.?(?P<after>[0-9]{{6}}){_END}",
            rf"{_APART}(?i:HK)\.?(?P<hongkong>[0-9]{{5}}){_END}",
            # NASDAQ:AAPL, NYSE: BRK.B, SSE:600519, HKEX: 700.
            rf"{_APART}(?:{_AMERICAN})\s?:\s?(?P<american>[A-Z]{{1,5}}(?:[.-][A-Z])?){_END}",
            rf"{_APART}(?P<exchange>{'|'.join(_EXCHANGES)})\s?:\s?(?P<listed>[0-9]{{1,6}}){_END}",
            # 贵州茅台(600519), 京东方A (000725), 代码:600519, stock code 600519.
            r"(?:(?<=[\u4e00-\u9fffAB]\()|(?<=[\u4e00-\u9fffAB]\s\())(?P<bracketed>[0-9]{6})(?=\))",
            r"(?:代码|代碼|代號|(?i:\bstock code|\bticker))(?:\s?(?:为|是|[:：])\s?|\s?)(?P<named>[0-9]{6})(?![0-9.])",
            # BRK.B: a class of shares is context enough.
            rf"{_APART}(?P<shares>[A-Z]{{2,4}}\.[AB]){_END}",
        )
    )
)


class Symbol(NamedTuple):
    """A market symbol in its canonical form, and where it stands in the text."""

    canonical: str
    start: int
    end: int


def find_symbols(text: str) -> Iterator[Symbol]:
    """All market symbols of ``text``, in order, known or not."""
    if not _MAY_BE_THERE.search(text):
        return
    for match in _SYMBOL.finditer(text):
        canonical = _canonical(match)
        if canonical:
            start = match.start("named") if match["named"] else match.start()
            yield Symbol(canonical, start, match.end())


def canonical_symbol(alias: str) -> str | None:
    """Return the canonical form of an alias that is nothing but a market symbol, else None: ``$brk-b`` is ``BRK.B``.

    Bare codes count too, since whoever lists them means the share: six digits in mainland China, five in Hong Kong.
    """
    match = _SYMBOL.fullmatch(alias)
    if match:
        return _canonical(match)
    if re.fullmatch("[0-9]{6}", alias):
        return _mainland(alias)
    return f"{alias}.HK" if re.fullmatch("0[0-9]{4}", alias) else None


def _canonical(match: re.Match[str]) -> str | None:
    found = match.groupdict()
    if symbol := found["cashtag"] or found["american"] or found["shares"]:
        return symbol.upper().replace("-", ".").replace("/", ".")
    if number := found["number"] or found["hongkong"]:
        return _listed("HK", number)
    if code := found["code"] or found["after"]:
        return _listed(_EXCHANGES[(found["china"] or found["before"]).upper()], code)
    if found["listed"]:
        return _listed(_EXCHANGES[found["exchange"]], found["listed"])
    return _mainland(found["bracketed"] or found["named"])


def _listed(exchange: str, number: str) -> str | None:
    if exchange == "HK":
        return f"{int(number):05d}.HK" if int(number) else None
    return f"{number}.{exchange}" if len(number) == 6 else None


def _mainland(code: str) -> str | None:
    """``code`` with the exchange that gives out its prefix: Shanghai, Shenzhen or Beijing."""
    for exchange, prefixes in (("SH", ("60", "68")), ("SZ", ("00", "30")), ("BJ", ("43", "83", "87", "88", "92"))):
        if code.startswith(prefixes):
            return f"{code}.{exchange}"
    return None
