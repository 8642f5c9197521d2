// Palettes of pictures that a terminal shows.
#include "vector.h"
#pragma clang diagnostic ignored "-Wpsabi"
// The same palette entry on every processor.
#pragma clang fp contract(off)

DCAR_CLONES
size_t dcar_nearest_color(const float *red, const float *green, const float *blue, size_t count,
                          const float color[3], float *squared_distance) {
    v16 least = SPLAT(INFINITY);
    i16 nearest = {0}, number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < count; i += 16) {
        v16 r = LOAD(red + i) - color[0], g = LOAD(green + i) - color[1],
            b = LOAD(blue + i) - color[2];
        v16 distance = r * r + g * g + b * b;
        i16 is_nearer = distance < least;
        least = choose(is_nearer, distance, least);
        nearest = (number & is_nearer) | (nearest & ~is_nearer);
        number += 16;
    }
    int best = 0;
    for (int k = 1; k < 16; k++)
        if (least[k] < least[best] || (least[k] == least[best] && nearest[k] < nearest[best]))
            best = k;
    *squared_distance = least[best];
    return (size_t)nearest[best];
}
