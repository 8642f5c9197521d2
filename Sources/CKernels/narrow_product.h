// Products for processors whose vectors hold eight numbers or four.
#pragma once
#include "CKernels.h"

/// Of bfloat16 numbers, packed by `dcar_pack`.
void dcar_product_narrow_widened(const uint16_t *a, size_t rows, size_t inner, const uint32_t *b,
                                 size_t columns, dcar_destination to);
