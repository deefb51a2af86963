#!/usr/bin/env node
// The command of the installed package. Plain JavaScript, so that a Node of any age gets as far as
// main's own check of it.
import "../dist/main.js";
