// Package demo is a web site of 24 pages that lives in the program: the town of
// Port Ambrose, whose shops, ferries, newspaper and observatory each look
// different. It needs no network and refers to nothing outside itself, so that
// `darkroom demo` works on a machine that is offline, and tests have pages to
// photograph. One page (/slow) never ends and one (/gone) is missing. Its
// sitemap lists all of them, in files of several kinds.
package demo
