// oneDNN's C interface, and the thread count of the OpenMP runtime it was built with.
#pragma once
#include <oneapi/dnnl/dnnl.h>

// Weak, because a oneDNN built without OpenMP brings no such function.
extern void omp_set_num_threads(int) __attribute__((weak));

/// One oneDNN call uses one thread from now on in the calling thread; the caller divides the work.
static inline void dcar_one_thread_per_call(void) {
    if (omp_set_num_threads) omp_set_num_threads(1);
}
