"""The format of what is stored: what a log holds of the probes, and of each look.

A record is a gzip stream. Unzipped, with all numbers little-endian and H divisible by 8:

| bytes | what |
|---|---|
| 0 to 7 | `SALIENCY` in ASCII |
| 8 to 11 | uint32, the version of the format |
| 12 to 15 | uint32, the length H of the header |
| 16 to 15 + H | the header: JSON in UTF-8, filled up with spaces |
| 16 + H to the end | the arrays in C order, each filled up with zero bytes to a multiple of 8 |

The header is `{"header": {…}, "arrays": {name: {"dtype": "uint8", "shape": [16, 32, 32], "offset": 0},
…}}`, where an offset counts from byte 16 + H. In a browser that is a `DecompressionStream("gzip")`, a
`DataView` for the first 16 bytes, `JSON.parse`, and one typed array per entry: the data types are those
that JavaScript has arrays of.

Three kinds of records build on it: the probes, once per `fit` (`ProbesRecord`), the maps, once per method
and look (`MapsRecord`), and what checks found (`ChecksRecord`). A newer program reads all older versions;
an older one refuses a newer version with `UnreadableFileError`. New fields in a header do not make a new
version.
"""

from keras_saliency.records.checks import CHECKS, ChecksRecord, decode_checks, encode_checks
from keras_saliency.records.container import VERSION, decode, decode_header, encode, metadata, parse_metadata
from keras_saliency.records.maps import MAPS, MapsRecord, decode_maps, decode_maps_header, encode_maps
from keras_saliency.records.planes import VIEWS
from keras_saliency.records.probes import PROBES, ProbesRecord, decode_probes, encode_probes
from keras_saliency.records.runs import begins_anew, parse_part_name, part_name, run_folder, run_number
from keras_saliency.records.tags import (
    CHECKS_TAG,
    PLUGIN_NAME,
    PROBE_ACCURACY_TAG,
    PROBES_TAG,
    SETTINGS_TAG,
    check_tag,
    maps_tag,
    method_of,
    number_tag,
    sheet_tag,
)

__all__ = [
    "CHECKS",
    "CHECKS_TAG",
    "MAPS",
    "PLUGIN_NAME",
    "PROBES",
    "PROBES_TAG",
    "PROBE_ACCURACY_TAG",
    "SETTINGS_TAG",
    "VERSION",
    "VIEWS",
    "ChecksRecord",
    "MapsRecord",
    "ProbesRecord",
    "begins_anew",
    "check_tag",
    "decode",
    "decode_checks",
    "decode_header",
    "decode_maps",
    "decode_maps_header",
    "decode_probes",
    "encode",
    "encode_checks",
    "encode_maps",
    "encode_probes",
    "maps_tag",
    "metadata",
    "method_of",
    "number_tag",
    "parse_metadata",
    "parse_part_name",
    "part_name",
    "run_folder",
    "run_number",
    "sheet_tag",
]
