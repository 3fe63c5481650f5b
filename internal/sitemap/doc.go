// Package sitemap finds the pages of a site: it reads its sitemaps, chooses
// among the URLs they list, and asks its robots.txt.
//
// Everything it reads was written by strangers. Files are read as streams,
// every size has a limit, and what is kept is bounded by the pages that were
// asked for, never by the file. XML is read by a scanner of our own, since the
// standard library's keeps a whole token in memory, however long, and takes
// ten times as long over a file that is made to be slow. So are the rules of
// robots.txt: the longest one decides, octet by octet, as RFC 9309 has it.
// Every address goes through Admit before it is asked, each hop of a redirect
// too.
package sitemap
