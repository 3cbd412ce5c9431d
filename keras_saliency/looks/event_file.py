"""Event files as TensorBoard reads them, written and read without TensorFlow.

TensorBoard's own `EventFileWriter` imports TensorFlow where it is installed, computes checksums in Python
and writes from a thread, so that a process that dies loses its last events. This one writes each event at
once.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

import google_crc32c
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import (
    DATA_CLASS_BLOB_SEQUENCE,
    DATA_CLASS_SCALAR,
    DATA_CLASS_TENSOR,
    Summary,
    SummaryMetadata,
)
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING

from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks.wire import bytes_beside_data
from keras_saliency.records import limits
from keras_saliency.records.holes import is_hollow
from keras_saliency.records.whole_file import append_all

Value: TypeAlias = Any
"""One tagged value of an event, a `Summary.Value`."""

_LENGTH = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_PATTERN = "events.out.tfevents.*"
_TIME = re.compile(r"events\.out\.tfevents\.(?!9{10})([0-9]{10})(?![0-9])")
_SMALL = 2**20
_numbers = itertools.count()


def scalar(tag: str, value: float, description: str = "") -> Value:
    """A point of a curve."""
    tensor = TensorProto(dtype=DT_FLOAT, float_val=[value], tensor_shape=TensorShapeProto())
    return Summary.Value(
        tag=tag, tensor=tensor, metadata=_metadata("scalars", DATA_CLASS_SCALAR, description)
    )


def image(tag: str, files: Iterable[bytes], width: int, height: int, description: str = "") -> Value:
    """PNG or JPEG files of one size, for the image dashboard."""
    tensor = _strings([str(width).encode(), str(height).encode(), *files])
    metadata = _metadata("images", DATA_CLASS_BLOB_SEQUENCE, description)
    return Summary.Value(tag=tag, tensor=tensor, metadata=metadata)


def text(tag: str, markdown: str, description: str = "") -> Value:
    """A text in Markdown."""
    tensor = TensorProto(
        dtype=DT_STRING, string_val=[markdown.encode("utf-8", "replace")], tensor_shape=TensorShapeProto()
    )
    return Summary.Value(tag=tag, tensor=tensor, metadata=_metadata("text", DATA_CLASS_TENSOR, description))


def blobs(
    tag: str, items: Iterable[bytes], plugin: str, content: bytes = b"", description: str = ""
) -> Value:
    """Data for the plugin of that name, shipped only when asked for; `content` goes with the series."""
    metadata = _metadata(plugin, DATA_CLASS_BLOB_SEQUENCE, description, content)
    return Summary.Value(tag=tag, tensor=_strings(list(items)), metadata=metadata)


class EventFile:
    """A new event file in an existing folder. What is written survives the process, not a power cut.

    Attributes:
        path: the file.
        size: bytes written so far.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._file = _new_file(folder)
        self.size = 0
        self.append(_version())

    def write(self, step: int, values: Iterable[Value], wall_time: float | None = None) -> int:
        """Write all values as one event, which readers see as a whole or not at all; return its bytes.

        Raises:
            OSError: it could not be written (the file is as it was before), or was removed.
            ValueError: it is larger than readers take.
        """
        return self.append(record(step, values, wall_time))

    def append(self, whole: bytes) -> int:
        """`write`, of what `record` made."""
        if len(whole) > limits.EVENT:
            raise ValueError(
                f"Expected a look of at most {limits.EVENT} bytes: give fewer probes. Received: {len(whole)}"
            )
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise FileNotFoundError(f"{self.path} was removed while it was written")
        append_all(self._file, whole)  # a torn record would hide all that follow it
        self.size += len(whole)
        return len(whole)

    def close(self) -> None:
        """Close the file. Calling it twice does no harm."""
        self._file.close()


def record(step: int, values: Iterable[Value], wall_time: float | None = None) -> bytes:
    """All values as one event, in the bytes that stand in a file."""
    wall_time = time.time() if wall_time is None else wall_time
    return _framed(Event(wall_time=wall_time, step=step, summary=Summary(value=values)).SerializeToString())


def size_with(record: bytes) -> int:
    """The bytes of a new event file with this record."""
    return len(_version()) + len(record)


def event_files(folder: Path) -> list[Path]:
    """The event files in a folder, oldest first; none where it cannot be listed."""
    return sorted(path for path in folder.glob(_PATTERN) if os.path.isfile(path))


def read_events(path: Path) -> Iterator[Event]:
    """The events of a file, as by `events_from`."""
    return (event for _, _, event in events_from(path, 0))


def events_from(path: Path, start: int) -> Iterator[tuple[int, int, Event]]:
    """The events of a file from the byte on where one starts, each with the bytes where it starts and ends.

    An end that is not whole ends them, as in `read_events`. A reader of a file that grows goes on from the last end.

    Raises:
        FileNotFoundError: no such file.
        UnreadableFileError: the file cannot be read, or claims an event that is larger than any.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            while (data := _next_record(file)) is not None:
                try:
                    _check_event(path, data)
                    event = Event.FromString(data)
                except UnreadableFileError:
                    raise
                except (DecodeError, ValueError):
                    return
                end = start + _LENGTH.size + len(data) + _CHECKSUM.size
                del data
                yield start, end, event
                start = end
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise UnreadableFileError(f"{path} holds an event that is too large for the memory.") from error


def _check_event(path: Path, data: bytes) -> None:
    """Do nothing if an event may be made an object. Raises `ValueError` if it is none, or as `events_from`."""
    most = limits.EVENT_BESIDE
    if len(data) > most and bytes_beside_data(memoryview(data), most) > most:
        raise UnreadableFileError(
            f"{path} holds an event of more than {most} bytes beside its data; none has so many."
        )


def _next_record(file: IO[bytes]) -> bytes | None:
    start = file.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    length, checksum = _LENGTH.unpack(start)
    if checksum != _masked_checksum(start[:8]):
        return None
    if length + _CHECKSUM.size > os.fstat(file.fileno()).st_size - file.tell():
        return None
    if length > limits.EVENT:
        raise UnreadableFileError(
            f"{file.name} claims an event of {length} bytes; none has more than {limits.EVENT}."
        )
    if length > _SMALL and is_hollow(file, length):
        return None
    data, end = file.read(length), file.read(_CHECKSUM.size)
    return data if end == _CHECKSUM.pack(_masked_checksum(data)) else None


def _version() -> bytes:
    return _framed(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())


def _framed(data: bytes) -> bytes:
    """A record: length, checksum of the length, data, checksum of the data."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        [length, _CHECKSUM.pack(_masked_checksum(length)), data, _CHECKSUM.pack(_masked_checksum(data))]
    )


def _masked_checksum(data: bytes) -> int:
    """CRC-32C, rotated and shifted as the record format wants it."""
    checksum: int = google_crc32c.value(data)
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _new_file(folder: Path) -> tuple[Path, IO[bytes]]:
    """An unbuffered file under a name that no other has and that sorts after all others.

    Names sort by the time in them, and readers take files in the order of their names: a clock may go back, and two
    files may be made in one second.
    """
    made = (int(found[1]) for path in folder.glob(_PATTERN) if (found := _TIME.match(path.name)))
    seconds = max(int(time.time()), max(made, default=0) + 1)
    start = f"events.out.tfevents.{seconds:010d}.{socket.gethostname()}.{os.getpid()}"
    while True:
        path = folder / f"{start}.{next(_numbers)}.saliency"
        try:
            return path, path.open("xb", buffering=0)
        except FileExistsError:
            continue


def _metadata(plugin: str, data_class: int, description: str, content: bytes = b"") -> SummaryMetadata:
    return SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content),
        data_class=data_class,
        summary_description=description,
    )


def _strings(items: list[bytes]) -> TensorProto:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(items))])
    return TensorProto(dtype=DT_STRING, string_val=items, tensor_shape=shape)
