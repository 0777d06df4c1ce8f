// Keeps the first of equal items, in order; NaN counts as equal to itself.
"use strict";

function equal(a, b) {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function unique(items) {
  const found = [];
  for (let i = 0; i < items.length; i++) {
    let known = false;
    for (let j = 0; j < found.length; j++) {
      if (equal(found[j], items[i])) {
        known = true;
      }
    }
    if (!known) {
      found.push(items[i]);
    }
  }
  return found;
}

module.exports = { unique };
