// Products by multiply-adds of sixteen float32 numbers, for any processor with AVX-512.
#pragma once
#include "CKernels.h"

#if defined(__x86_64__)
/// Of bfloat16 numbers, packed by `dcar_pack`.
void dcar_product_widened(const uint16_t *a, size_t rows, size_t inner, const uint32_t *b,
                          size_t columns, dcar_destination to);
/// Of float32 numbers, packed by `dcar_pack_floats`.
void dcar_product_wide_floats(const float *a, size_t rows, size_t inner, const float *b,
                              size_t columns, dcar_destination to);
#endif
