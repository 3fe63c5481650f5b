package sitemap

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// verdictOf is what a robots.txt says about a URL's path.
func verdictOf(t *testing.T, r *robots, path string) bool {
	t.Helper()
	u, err := url.Parse("https://www.example.com" + path)
	if err != nil {
		t.Fatal(err)
	}
	return r.refusal == "" && newManners(nil).decide(r.rules, u) == ""
}

// The rules of RFC 9309, section 2.2, and its examples in section 5.
func TestRobotsRules(t *testing.T) {
	const all = "User-agent: *\n"
	for _, c := range []struct {
		name, text      string
		allowed, denied string
	}{
		{"nothing", "", "/ /a", ""},
		{"everything", all + "Disallow: /", "/robots.txt", "/ /a /a?b"},
		{"empty rule", all + "Disallow:", "/ /a", ""},
		{"beginning of a path", all + "Disallow: /fish", "/Fish /catfish /?id=fish", "/fish /fish.html /fish/salmon /fishheads /fish?id=1"},
		{"folder", all + "Disallow: /fish/", "/fish /fish.html", "/fish/ /fish/salmon.htm /fish/?id=1"},
		{"* at the end", all + "Disallow: /fish*", "/catfish", "/fish /fishheads"},
		{"* inside", all + "Disallow: /fish*.php", "/Fish.PHP /fish.asp", "/fish.php /fishheads/catfish.php?parameters"},
		{"* at the beginning", all + "Disallow: *.php", "/windows.PHP /a", "/index.php /folder/any.php.file.html /?f.php"},
		{"only a *", all + "Disallow: *", "", "/ /a"},
		{"$", all + "Disallow: /*.php$", "/filename.php?parameters /filename.php/ /filename.php5", "/filename.php /folder/filename.php"},
		{"$ of a whole path", all + "Disallow: /$", "/a /?a", "/"},
		{"$ inside is itself", all + "Disallow: /a$b", "/a /ab", "/a$b /a%24b"},
		{"several *", all + "Disallow: /a*b*c$", "/abc/ /acb", "/abc /aXbXc /abcbc"},
		{"*$", all + "Disallow: /a*$", "/b", "/a /abc"},
		{"the longest wins", all + "Allow: /p\nDisallow: /", "/page /p", "/ /folder"},
		{"the longest wins, other order", all + "Disallow: /folder\nAllow: /folder/page", "/folder/page /folder/pages", "/folder /folder/x"},
		{"* counts as one character", all + "Allow: /page\nDisallow: /*.htm", "/page", "/page.htm"},
		{"equal ones allow", all + "Disallow: /folder\nAllow: /folder", "/folder /folder/a", ""},
		{"escapes are as long as written", all + "Allow: /a%3Cd3\nDisallow: /a%3Cd", "/a%3Cd3 /a<d3", "/a%3Cd"},
		{"escapes of what needs none", all + "Disallow: /foo/b%61r/%7euser", "/foo/bar", "/foo/bar/~user /foo/b%61r/%7Euser"},
		{"escapes in small letters", all + "Disallow: /foo/%e3%83%84", "/foo/", "/foo/%E3%83%84 /foo/%e3%83%84"},
		{"unescaped", all + "Disallow: /foo/ツ", "/foo/", "/foo/%E3%83%84"},
		{"escaped * and $", all + "Disallow: /path/file-with-a-%2A.html\nDisallow: /b%24", "/path/file-with-a-b.html /b", "/path/file-with-a-*.html /b$"},
		{"% that begins no escape", all + "Disallow: /100%", "/100", "/100%25"},
		{"query", all + "Disallow: /*?*sort=", "/list?page=1 /sort=", "/list?sort=a /list?a=b&sort=c"},
		{"ours", "User-agent: darkroom\nDisallow: /a\n\n" + all + "Disallow: /b", "/b", "/a"},
		{"ours is empty", all + "Disallow: /\nUser-agent: Darkroom\nDisallow:", "/ /a", ""},
		{"ours without a rule", all + "Disallow: /\nUser-agent: darkroom", "/", ""},
		{"ours with a version", "User-Agent: DarkRoom/2.0 (x)\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/b", "/a"},
		{"a longer name is not ours", "User-agent: darkroom-images\nDisallow: /a\nUser-agent: dark\nDisallow: /b\nUser-agent: darkroombot\nDisallow: /c", "/a /b /c", ""},
		{"several user agents", "User-agent: a\nUser-agent: darkroom\nUser-agent: b\nDisallow: /x\n" + all + "Disallow: /y", "/y", "/x"},
		{"several groups are one", "User-agent: darkroom\nDisallow: /a\nUser-agent: x\nDisallow: /c\nUser-agent: darkroom\nDisallow: /b", "/c", "/a /b"},
		{"several groups for anyone", all + "Disallow: /a\nUser-agent: x\nDisallow: /c\n" + all + "Disallow: /b", "/c", "/a /b"},
		{"other lines end no group", "User-agent: darkroom\nSitemap: https://a.example/\nUnknown: x\nUser-agent: b\nDisallow: /a", "/", "/a"},
		{"rules of nobody", "Disallow: /\nAllow: /\n" + "User-agent: x\nDisallow: /", "/ /a", ""},
		{"remarks and white space", "# x\n  user-AGENT :  *  # all\n\tDISALLOW\t:\t/a # b\n\nDisallow: /b#c", "/c", "/a /b /bc"},
		{"ends of lines", "User-agent: *\rDisallow: /a\r\nDisallow: /b\n\rDisallow: /c", "/d", "/a /b /c"},
		{"what is no line", "<html>\nUser-agent *\nDisallow /\n: /\n::\n", "/", ""},
		{"path without a slash", all + "Disallow: a", "/a /", ""},
		{"too many rules", all + strings.Repeat("Allow: /a\n", maxRobotsRules+1), "", "/ /a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := parseRobots(c.text)
			for path := range strings.FieldsSeq(c.allowed) {
				if !verdictOf(t, read, path) {
					t.Errorf("%s is denied", path)
				}
			}
			for path := range strings.FieldsSeq(c.denied) {
				if verdictOf(t, read, path) {
					t.Errorf("%s is allowed", path)
				}
			}
		})
	}
}

func TestRobotsDelay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"User-agent: *\nCrawl-delay: 5":                                       5 * time.Second,
		"User-agent: *\ncrawl-delay: 0.25\nDisallow: /":                       250 * time.Millisecond,
		"User-agent: *\nCrawl-delay: 86400":                                   time.Minute,
		"User-agent: *\nCrawl-delay: 1e300":                                   time.Minute,
		"User-agent: *\nCrawl-delay: Inf":                                     time.Minute,
		"User-agent: *\nCrawl-delay: -3":                                      0,
		"User-agent: *\nCrawl-delay: NaN":                                     0,
		"User-agent: *\nCrawl-delay: soon":                                    0,
		"Crawl-delay: 5":                                                      0,
		"User-agent: *\nCrawl-delay: 5\nUser-agent: darkroom\nCrawl-delay: 2": 2 * time.Second,
		"User-agent: *\nCrawl-delay: 5\nUser-agent: x\nCrawl-delay: 9":        5 * time.Second,
	} {
		if got := parseRobots(text).delay; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestRobotsMaps(t *testing.T) {
	read := parseRobots("Sitemap: https://a.example/1.xml\nUser-agent: x\nDisallow: /\nsitemap:https://a.example/2.xml # two\nSitemap:\nSitemap: /3.xml")
	if got := strings.Join(read.maps, " "); got != "https://a.example/1.xml https://a.example/2.xml /3.xml" || read.more {
		t.Errorf("%s, more %v", got, read.more)
	}
	read = parseRobots(strings.Repeat("Sitemap: /a\n", 10_000))
	if len(read.maps) != maxRobotsMaps || !read.more {
		t.Errorf("%d, more %v", len(read.maps), read.more)
	}
}

// What takes too long to compare is not compared, and is not visited either.
func TestRobotsSteps(t *testing.T) {
	read := parseRobots("User-agent: *\n" + strings.Repeat("Disallow: /*a*a*a*b\n", maxRobotsRules))
	m := newManners(nil)
	u, err := url.Parse("https://www.example.com/" + strings.Repeat("a", 8000))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for ; m.decide(read.rules, u) == ""; asked++ {
		if asked == 1000 {
			t.Fatal("a thousand URLs were compared")
		}
	}
	if asked == 0 {
		t.Error("not even one URL was compared")
	}
}

// Matching by parts is what the pattern says.
func FuzzRobots(f *testing.F) {
	for _, seed := range []string{"User-agent: *\nDisallow: /a*b$\nAllow: /%61", "user-agent: darkroom\ncrawl-delay: 1\nsitemap: x"} {
		f.Add(seed, "/ab?c")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		read := parseRobots(text)
		if len(read.maps) > maxRobotsMaps || len(read.rules) > maxRobotsRules || read.delay < 0 || read.delay > time.Minute {
			t.Fatalf("%d maps, %d rules, %v", len(read.maps), len(read.rules), read.delay)
		}
		normal := normalise(path, "")
		if again := normalise(normal, ""); again != normal {
			t.Fatalf("%q becomes %q, which becomes %q", path, normal, again)
		}
		for _, rule := range read.rules {
			if len(normal) > 30 || strings.Count(rule.pattern, "*") > 4 {
				continue // the slow way takes too long
			}
			if got, want := rule.matches(normal), slowMatch(rule.pattern, normal); got != want {
				t.Fatalf("%q and %q: %v", rule.pattern, normal, got)
			}
		}
	})
}

// slowMatch is what matches means, letter by letter.
func slowMatch(pattern, path string) bool {
	switch {
	case pattern == "":
		return true
	case pattern == "$":
		return path == ""
	case pattern[0] == '*':
		for i := range len(path) + 1 {
			if slowMatch(pattern[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	return path != "" && path[0] == pattern[0] && slowMatch(pattern[1:], path[1:])
}
