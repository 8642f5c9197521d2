// OpenBLAS's CBLAS interface: single-precision matrix products and its thread switch.
#pragma once
#include <cblas-openblas.h>
