"use strict";
// Prints what must stay the same, never a time: EvoGit takes that from outside.
const { unique } = require(`${process.cwd()}/unique.js`);

let state = 7;
let sum = 0;
for (let turn = 0; turn < 40; turn++) {
  const items = [];
  for (let left = 8000; left > 0; left--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    items.push((state >> 16) % 900);
  }
  for (const item of unique(items)) sum = (sum * 31 + item) % 1000003;
}
console.log(sum);
