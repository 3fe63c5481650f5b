// Package chrometest helps to test what takes pictures and what uses them: a
// site of odd pages for a real browser (Site), and an engine without a browser
// whose results a test chooses (Fake).
package chrometest
