/* QR codes on a terminal, where the program was built with libqrencode. */
#ifndef LOYALTY_CLIENT_QR_H
#define LOYALTY_CLIENT_QR_H

#include <stdio.h>

/* Draws `text` in blocks, light on a dark terminal; nothing where it does not fit a code or there is no
 * libqrencode. */
void qr_print(FILE *stream, const char *text);

#endif
