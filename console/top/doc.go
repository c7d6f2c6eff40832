// Package top draws the console's first screen, Now, in a terminal: the level
// and why, lanes with the worst first and what people feel, what is in force,
// signals, and what happened. It reads one document, [api.NowDoc], again and
// again, and changes nothing.
//
// Nothing is told by colour alone: levels have a number, a word and a shape,
// states a sign, and parts of a bar their own letters where there is no colour.
package top
