// Weights in the order in which matrix products read them.
#include "CKernels.h"
#include <string.h>
#if defined(__linux__)
#include <malloc.h>
#endif

enum { BLOCK = 64, STRETCH = 16 };

size_t dcar_packed_bytes(size_t rows, size_t row_bytes) {
    return (rows + 15) / 16 * 16 * ((row_bytes + 3) / 4) * 4;
}

void dcar_pack(const void *x, size_t rows, size_t row_bytes, void *out) {
    size_t words = (row_bytes + 3) / 4;
    uint32_t *to = out;
    for (size_t first = 0; first < rows; first += BLOCK) {
        size_t count = rows - first < BLOCK ? rows - first : BLOCK, width = (count + 15) / 16 * 16;
        // In stretches, so that what is written stays in the nearest cache until it is complete.
        for (size_t start = 0; start < words; start += STRETCH) {
            size_t end = words - start < STRETCH ? words : start + STRETCH;
            for (size_t row = 0; row < width; row++) {
                const uint8_t *from =
                    row < count ? (const uint8_t *)x + (first + row) * row_bytes : 0;
                for (size_t word = start; word < end; word++) {
                    size_t left = row_bytes - 4 * word;
                    uint32_t value = 0;
                    if (from) {
                        if (left >= 4) {
                            memcpy(&value, from + 4 * word, 4);
                        } else {
                            memcpy(&value, from + 4 * word, left);
                        }
                    }
                    to[word * width + row] = value;
                }
            }
        }
        to += words * width;
    }
}

void dcar_unpack(const void *block, size_t rows, size_t columns, const float *scale, float *out) {
    size_t width = (rows + 15) / 16 * 16, each = scale ? 4 : 2, words = (columns + each - 1) / each;
    const uint32_t *from = block;
    for (size_t start = 0; start < words; start += STRETCH) {
        size_t end = words - start < STRETCH ? words : start + STRETCH;
        for (size_t row = 0; row < rows; row++) {
            float *to = out + row * columns;
            for (size_t word = start; word < end; word++) {
                uint32_t x = from[word * width + row];
                size_t at = word * each, left = columns - at;
                if (scale) {
                    for (size_t i = 0; i < each && i < left; i++)
                        to[at + i] = (float)(int8_t)(x >> 8 * i) * scale[row];
                } else {
                    uint32_t low = x << 16, high = x & 0xFFFF0000;
                    memcpy(to + at, &low, 4);
                    if (left > 1) memcpy(to + at + 1, &high, 4);
                }
            }
        }
    }
}

void dcar_return_free_memory(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

uint64_t dcar_checksum(const void *bytes, size_t count) {
    // Every step can be undone, so a change of one word always changes the sum.
    uint32_t lanes[64];
    for (uint32_t i = 0; i < 64; i++) lanes[i] = 0x9E3779B9u * (i + 1);
    const uint8_t *from = bytes;
    size_t whole = count / 256 * 256;
    for (size_t at = 0; at < whole; at += 256)
        for (size_t i = 0; i < 64; i++) {
            uint32_t word;
            memcpy(&word, from + at + 4 * i, 4);
            lanes[i] = (lanes[i] ^ word) * 0x01000193u;
        }
    uint64_t sum = count;
    for (size_t at = whole; at < count; at++) sum = (sum ^ from[at]) * 0x100000001B3u;
    for (size_t i = 0; i < 64; i++) {
        sum = (sum ^ lanes[i]) * 0x100000001B3u;
        sum ^= sum >> 32;
    }
    return sum;
}
