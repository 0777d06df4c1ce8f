/* Prints what must stay the same, never a time: EvoGit takes that from outside. */
#include "product.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    size_t n = 384;
    double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b), sum = 0;
    for (size_t i = 0; i < n * n; i++) {
        a[i] = (double)(i * 7 % 13);
        b[i] = (double)(i * 5 % 11);
    }
    for (int turn = 0; turn < 4; turn++) {
        double *c = calloc(n * n, sizeof *c);
        product(a, b, c, n);
        for (size_t i = 0; i < n * n; i++) sum += c[i] * (double)(i % 17);
        free(c);
    }
    printf("%.0f\n", sum);
    return 0;
}
