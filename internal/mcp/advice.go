package mcp

import (
	"strings"

	"darkroom"
)

// advice is what to do about a capture or a sitemap that failed so.
func advice(code darkroom.Code) string {
	if words, known := adviceTable()[code]; known {
		return words
	}
	return "Try it once more; if it fails again, tell the operator of the server."
}

// adviceOfJob is advice for a job that failed as a whole, whose error begins
// with the code.
func adviceOfJob(cause string) string {
	code, _, _ := strings.Cut(cause, ":")
	return advice(darkroom.Code(code))
}

func adviceTable() map[darkroom.Code]string {
	return map[darkroom.Code]string{
		darkroom.CodeTimeout:            `Look at the requests without an end: if the picture is good without them, capture again with the option wait_until "domcontentloaded", or block them (block_ads, block_trackers, block_chats); else give it more time with the option timeout (milliseconds).`,
		darkroom.CodeDNSError:           "Check the spelling of the host name; the server could not resolve it.",
		darkroom.CodeConnectionRefused:  "Check that the site runs and that the port is right; a site on your own machine must be reachable from where Darkroom runs.",
		darkroom.CodeConnectionReset:    "The site closed the connection: try again later, and fewer of its pages at once (host_concurrency, host_delay).",
		darkroom.CodeTLSError:           "The site's certificate is not acceptable: its owner must mend it. For a test site the option ignore_https_errors helps where the server's operator permits it.",
		darkroom.CodeHTTPError:          "Open the URL that is meant: the page answered an error status. If its error page is what should be seen, capture again with the option fail_on_status as an empty list.",
		darkroom.CodeTooManyRedirects:   "The page redirects in a circle, often because it sets no cookie or wants a login: capture the URL at the end of it, or send cookies.",
		darkroom.CodeBlockedTarget:      "The server's egress policy does not permit this address, such as a private one. Only its operator can change that (private-targets, egress-allow); do not try other spellings.",
		darkroom.CodeTooLarge:           "Capture less: without full_page, with a smaller max_height, or block heavy requests (block_ads).",
		darkroom.CodeUnsupportedContent: "The URL is no page or picture; capture the page that links to it.",
		darkroom.CodeDownload:           "The URL is a file to download; capture the page that links to it.",
		darkroom.CodeRendererCrashed:    "Try again; if it crashes again, capture less: without full_page, or in a smaller window.",
		darkroom.CodeOutOfMemory:        "Capture less: without full_page, with a smaller window, or block heavy requests (block_ads).",
		darkroom.CodeSelectorNotFound:   "Look at the last frame: correct selector, click or wait_for, or give it more time with the option timeout.",
		darkroom.CodeScriptError:        "The script in the option js threw the error that is named: correct it.",
		darkroom.CodeRobotsDenied:       "The site's robots.txt refuses the page. Respect that, or have the site's owner permit it.",
		darkroom.CodeCancelled:          "The job was cancelled before this capture. Capture it again if it is still wanted.",
		darkroom.CodeInternal:           "It is a fault of the server: try again, and tell its operator if it happens again.",
		darkroom.CodeSitemapInvalid:     "The file is no sitemap: give the site's root, so that its sitemaps are looked for, or a list of urls.",
		darkroom.CodeSitemapTooLarge:    "Give one of the smaller sitemaps that it lists, or a list of urls.",
		darkroom.CodeNoURLs:             "Nothing is left after include, exclude and the site's own host: loosen them, or give a list of urls.",
	}
}
