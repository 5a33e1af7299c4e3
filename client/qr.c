#include "client/qr.h"

#ifdef LOYALTY_QRENCODE
#include <qrencode.h>

/* Two rows of modules a line of text, light on dark terminals: a full block is a light module. */
void qr_print(FILE *stream, const char *text)
{
    static const char *const blocks[] = {"█", "▀", "▄", " "}; /* by dark lower, dark upper */
    enum { QUIET = 2 };
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (code == NULL) {
        return;
    }
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++) {
            int dark[2] = {0, 0};
            for (int half = 0; half < 2; half++) {
                const int row = y + half;
                if (x >= 0 && x < code->width && row >= 0 && row < code->width) {
                    dark[half] = code->data[row * code->width + x] & 1;
                }
            }
            fputs(blocks[dark[0] * 2 + dark[1]], stream);
        }
        putc('\n', stream);
    }
    QRcode_free(code);
}
#else
void qr_print(FILE *stream, const char *text)
{
    (void)stream;
    (void)text;
}
#endif
