// Products of 8-bit integers, packed by `dcar_pack`, whose rows are `inner` integers long.
#pragma once
#include "CKernels.h"

#if defined(__x86_64__)
/// For processors with AVX-512 VNNI.
void dcar_product_wide_integers(const uint8_t *a, size_t rows, size_t inner, const uint32_t *b,
                                size_t columns, dcar_destination to);
/// For processors with AVX-VNNI.
void dcar_product_narrow_integers(const uint8_t *a, size_t rows, size_t inner, const uint32_t *b,
                                  size_t columns, dcar_destination to);
#endif
