"""Text to token ids with the place of each token in the text; long texts become overlapping pieces.

The published tokenizers are mended on the way into the cache: their vocabularies are lower-case and ASCII-quoted, so
the text is lowered and typographic quotes and dashes are mapped, else GDP and “ become unknown tokens.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import transformers
from tokenizers import Encoding, Tokenizer, normalizers

from groundswell.errors import FatalError

TYPOGRAPHY = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "—": "-", "–": "-", "―": "-", "−": "-"}
OVERLAP = 32
"""Tokens that two neighbouring pieces of a long text share."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a text as the encoder takes it.

    ``ids`` begin with [CLS] and end with [SEP]. ``spans`` gives for each id the (start, end) characters of the whole
    text, empty for special tokens; ``words`` the index of the word it belongs to, None for special tokens.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int | None, ...]


def write_tokenizer(published: str, folder: Path) -> None:
    """Write the mended form of the tokenizer JSON ``published`` into ``folder`` as a fast transformers tokenizer."""
    tokenizer = Tokenizer.from_str(published)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    steps: list[normalizers.Normalizer] = [normalizers.Replace(old, new) for old, new in TYPOGRAPHY.items()]
    steps.append(normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True))
    tokenizer.normalizer = normalizers.Sequence(steps)
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        model_max_length=512,
        **special,
    )
    fast.save_pretrained(folder)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a base folder, without truncation or padding; made from vocab.txt where that is all there is.

    Raises FatalError in one line when there is none, or none that can be read.
    """
    path = folder / "tokenizer.json"
    if not path.is_file() and not (folder / "vocab.txt").is_file():
        raise FatalError(f"base: {folder} has neither tokenizer.json nor vocab.txt; save its tokenizer there")
    try:
        tokenizer: Tokenizer = (
            Tokenizer.from_str(json.dumps(json.loads(path.read_text("utf-8"))))
            if path.is_file()
            else transformers.BertTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer
        )
    except Exception as error:  # noqa: BLE001 tokenizers raises plain Exceptions
        raise FatalError(f"base: the tokenizer in {folder} cannot be read ({str(error).splitlines()[0]})") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def cut(
    tokenizer: Tokenizer, texts: Sequence[str], length: int, most: int, overlap: int = OVERLAP
) -> list[tuple[list[Piece], bool]]:
    """Each text as at most ``most`` pieces of at most ``length`` ids, and whether even those cut something off."""
    # A lone surrogate has no UTF-8 form; the tokenizer would refuse the whole batch for it.
    readable = [text.encode("utf-8", "replace").decode() for text in texts]
    return [_pieces(encoding, length, most, overlap) for encoding in tokenizer.encode_batch(readable)]


def _pieces(encoding: Encoding, length: int, most: int, overlap: int) -> tuple[list[Piece], bool]:
    ids, spans, words = encoding.ids, encoding.offsets, encoding.word_ids
    if len(ids) <= length:
        return [Piece(tuple(ids), tuple(spans), tuple(words))], False
    inner, room = len(ids) - 2, length - 2
    step = room - min(overlap, room // 4)
    starts = [start for start in range(0, inner, step) if start == 0 or start + room - step < inner]
    pieces = []
    for start in starts[:most]:
        chosen = [0, *range(1 + start, 1 + min(start + room, inner)), len(ids) - 1]
        pieces.append(Piece(tuple(ids[i] for i in chosen), tuple(spans[i] for i in chosen), tuple(words[i] for i in chosen)))
    return pieces, len(starts) > most
