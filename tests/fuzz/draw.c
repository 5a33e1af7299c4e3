#include "fuzz/draw.h"

#include "fuzz/fuzz.h"

bool draw_more(const struct draw *draw)
{
    return draw->at < draw->size;
}

uint64_t draw_below(struct draw *draw, uint64_t below)
{
    CHECK(below > 0);
    uint64_t value = 0;
    for (uint64_t rest = below - 1; rest > 0; rest >>= 8) {
        value = value << 8 | (draw_more(draw) ? draw->data[draw->at++] : 0);
    }
    return value % below;
}

int64_t draw_between(struct draw *draw, int64_t low, int64_t high)
{
    CHECK(low <= high);
    const uint64_t range = (uint64_t)high - (uint64_t)low;
    return range == UINT64_MAX ? (int64_t)draw_below(draw, UINT64_MAX)
                               : (int64_t)((uint64_t)low + draw_below(draw, range + 1));
}

int64_t draw_edge(struct draw *draw, int64_t low, int64_t high)
{
    CHECK(low > INT64_MIN / 4 && high < INT64_MAX / 4);
    int64_t value = 1;
    switch (draw_below(draw, 8)) {
    case 0:
        value = low + (int64_t)draw_below(draw, 16);
        break;
    case 1:
        value = high - (int64_t)draw_below(draw, 16);
        break;
    case 2:
        for (uint64_t zeros = draw_below(draw, 18); zeros > 0; zeros--) {
            value *= 10;
        }
        value = draw_one_in(draw, 2) ? -value : value;
        break;
    case 3:
        return draw_between(draw, low, high);
    case 4:
        value = (int64_t)draw_below(draw, 16) - 8;
        break;
    default:
        value = (int64_t)draw_below(draw, 10000);
        break;
    }
    value = value < low ? low : value;
    return value > high ? high : value;
}

bool draw_one_in(struct draw *draw, uint64_t count)
{
    return draw_below(draw, count) == count - 1 && count > 1;
}
