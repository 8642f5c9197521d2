// Numbers as 8-bit integers with a scale for each row.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

DCAR_INLINE float widened(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

/// The nearest integer, ties to even, of a number of at most a few hundred.
DCAR_INLINE int32_t nearest(float x) {
    float shifted = x + 12582912.f;
    int32_t bits;
    memcpy(&bits, &shifted, 4);
    return bits - 0x4B400000;
}

DCAR_CLONES
void dcar_quantize_rows(const uint16_t *x, size_t rows, size_t columns, uint8_t *out,
                        float *scale) {
    for (size_t row = 0; row < rows; row++) {
        const uint16_t *in = x + row * columns;
        // Without its sign a bfloat16 number grows with its bits.
        uint16_t top = 0;
        for (size_t i = 0; i < columns; i++) {
            uint16_t size = in[i] & 0x7FFF;
            top = size > top ? size : top;
        }
        float most = widened(top), factor = most > 0 ? 127.f / most : 0;
        scale[row] = most / 127.f;
        for (size_t i = 0; i < columns; i++)
            out[row * columns + i] = (uint8_t)(nearest(widened(in[i]) * factor) + 128);
    }
}

DCAR_CLONES
void dcar_quantize_weights(const float *x, size_t rows, size_t columns, int8_t *out, float *scale,
                           int32_t *offset) {
    for (size_t row = 0; row < rows; row++) {
        const float *in = x + row * columns;
        float most = 0;
        for (size_t i = 0; i < columns; i++) {
            float size = in[i] < 0 ? -in[i] : in[i];
            most = size > most ? size : most;
        }
        float factor = most > 0 ? 127.f / most : 0;
        int32_t sum = 0;
        for (size_t i = 0; i < columns; i++) {
            int32_t value = nearest(in[i] * factor);
            out[row * columns + i] = (int8_t)value;
            sum += value;
        }
        scale[row] = most / 127.f;
        offset[row] = 128 * sum;
    }
}
