#include "base/error.h"

const char *error_text(int code)
{
    switch (code) {
    case 0:
        return "ok";
#define X(name, value, text)                                                                                 \
    case ERR_##name:                                                                                         \
        return text;
        ERROR_TABLE(X)
#undef X
    }
    return "unknown error";
}
