// Numbers as 8-bit integers with a scale for each row.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

#include <float.h>

DCAR_INLINE float widened(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

/// The bits of a bfloat16 number as an integer that grows with it, and back; floats are not compared
/// sixteen at a time, as they might be no numbers.
DCAR_INLINE int16_t ordered(int16_t bits) { return bits ^ ((bits >> 15) & 0x7FFF); }

/// The nearest integer, ties to even, of a number of at most a few hundred.
DCAR_INLINE int32_t nearest(float x) {
    float shifted = x + 12582912.f;
    int32_t bits;
    memcpy(&bits, &shifted, 4);
    return bits - 0x4B400000;
}

DCAR_CLONES
void dcar_quantize_rows(const uint16_t *x, size_t rows, size_t columns, uint8_t *out,
                        float *scale, int32_t *zero) {
    for (size_t row = 0; row < rows; row++) {
        const uint16_t *in = x + row * columns;
        int16_t least = 0, most = 0;
        for (size_t i = 0; i < columns; i++) {
            int16_t value = ordered((int16_t)in[i]);
            least = value < least ? value : least;
            most = value > most ? value : most;
        }
        float low = widened((uint16_t)ordered(least));
        float range = widened((uint16_t)most) - low;
        /* Of a range so small the factor would be infinite. */
        if (range < FLT_MIN * 255.f) range = 0;
        float factor = range > 0 ? 255.f / range : 0;
        scale[row] = range / 255.f;
        zero[row] = nearest(-low * factor);
        for (size_t i = 0; i < columns; i++) {
            int32_t value = nearest(widened(in[i]) * factor) + zero[row];
            // Zero and the number may both have been rounded up.
            out[row * columns + i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

DCAR_CLONES
void dcar_quantize_weights(const float *x, size_t rows, size_t columns, int8_t *out, float *scale,
                           int32_t *sum) {
    for (size_t row = 0; row < rows; row++) {
        const float *in = x + row * columns;
        float most = 0;
        for (size_t i = 0; i < columns; i++) {
            float size = in[i] < 0 ? -in[i] : in[i];
            most = size > most ? size : most;
        }
        float factor = most > 0 ? 127.f / most : 0;
        int32_t total = 0;
        for (size_t i = 0; i < columns; i++) {
            int32_t value = nearest(in[i] * factor);
            out[row * columns + i] = (int8_t)value;
            total += value;
        }
        scale[row] = most / 127.f;
        sum[row] = total;
    }
}
