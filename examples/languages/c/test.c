#include "product.h"
#include <stdio.h>
#include <stdlib.h>

static int whole(int i, int j) { return (i * 7 + j * 3) % 11 - 5; }

int main(void) {
    for (int n = 0; n < 20; n++) {
        double *a = calloc(3 * (size_t)(n * n + 1), sizeof *a), *b = a + n * n, *c = b + n * n;
        for (int i = 0; i < n * n; i++) {
            a[i] = whole(i, n);
            b[i] = whole(n, i);
        }
        product(a, b, c, (size_t)n);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double want = 0;
                for (int k = 0; k < n; k++) want += a[i * n + k] * b[k * n + j];
                if (want != c[i * n + j]) {
                    printf("n = %d: %g instead of %g\n", n, c[i * n + j], want);
                    return 1;
                }
            }
        }
        free(a);
    }
    return 0;
}
