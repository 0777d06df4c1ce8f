"use strict";
const assert = require("node:assert");
const { unique } = require("./unique.js");

assert.deepStrictEqual(unique([]), []);
assert.deepStrictEqual(unique([3, 1, 3, 2, 1]), [3, 1, 2]);
assert.deepStrictEqual(unique([NaN, 0, NaN]), [NaN, 0]);
assert.deepStrictEqual(unique(["a", "A", "a"]), ["a", "A"]);
assert.deepStrictEqual(unique([null, undefined, null, 0, false, ""]), [null, undefined, 0, false, ""]);
const given = [5, 5, 4];
assert.strictEqual(unique(given).length, 2);
assert.deepStrictEqual(given, [5, 5, 4]);
