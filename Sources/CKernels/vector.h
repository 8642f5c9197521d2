// Sixteen float lanes, and the functions of them that the kernels need.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define DCAR_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define DCAR_CLONES
#endif
#define DCAR_INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t u16 __attribute__((vector_size(64), aligned(4)));
typedef uint16_t h16 __attribute__((vector_size(32), aligned(2)));

#define SPLAT(x) ((v16){0} + (x))
DCAR_INLINE void lanes_from(const float *p, size_t n, float fill, float *buffer) {
    for (size_t i = 0; i < 16; i++) buffer[i] = i < n ? p[i] : fill;
}
#define LOAD(p) (*(const v16 *)(p))
#define STORE(p, v) (*(v16 *)(p) = (v))
