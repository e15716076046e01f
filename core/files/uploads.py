"""Files larger than allowed are refused while they arrive, before they reach the disk."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

ENVELOPE = 1 << 20
# Beyond this a polite answer is not worth reading the rest of the request.
HANG_UP = 10


class CappedUploadHandler(FileUploadHandler):
    """Skips a file that is too large; the form's other fields arrive, so nothing typed is lost.

    `request.too_large` tells the view, which answers with a sentence beside the field.
    """

    def __init__(self, request=None):
        super().__init__(request)
        self.known_too_large = False
        self.received = 0

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):  # noqa: N803
        self.known_too_large = content_length > settings.IMPORT_MAX_BYTES + ENVELOPE
        if content_length > settings.IMPORT_MAX_BYTES * HANG_UP:
            self._tell()
            raise StopUpload(connection_reset=True)

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.received = 0
        if self.known_too_large:
            self._tell()
            raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > settings.IMPORT_MAX_BYTES:
            self._tell()
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        return None

    def _tell(self):
        if self.request is not None:
            self.request.too_large = True
