#include <stddef.h>

/* c = a * b for square matrices of n rows, row after row; c holds zeros before. */
void product(const double *a, const double *b, double *c, size_t n);
