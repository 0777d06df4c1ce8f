//! Counts primes by trial division.

pub fn is_prime(number: u64) -> bool {
    if number < 2 {
        return false;
    }
    let mut prime = true;
    let mut divisor = 2;
    while divisor < number {
        if number % divisor == 0 {
            prime = false;
        }
        divisor += 1;
    }
    prime
}

pub fn count(limit: u64) -> u64 {
    let mut found = 0;
    for number in 0..limit {
        if is_prime(number) {
            found += 1;
        }
    }
    found
}
