package archive_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"darkroom"
	"darkroom/internal/archive"
)

func TestEntryName(t *testing.T) {
	long := "http://a.test/" + strings.Repeat("segment-", 40)
	for _, test := range []struct {
		about  string
		target string
		mixed  bool
		want   string
	}{
		// The contract's own examples.
		{"path", "https://example.com/blog/my-first-post", false, "001_blog_my-first-post.png"},
		{"no path", "https://example.com/", false, "001_example.com.png"},
		{"no slash", "https://example.com", false, "001_example.com.png"},
		{"mixed hosts", "https://example.com/blog/post", true, "001_example.com_blog_post.png"},
		{"mixed hosts, no path", "https://example.com/", true, "001_example.com.png"},
		{"port", "http://127.0.0.1:8080/", false, "001_127.0.0.1_8080.png"},
		{"IPv6", "http://[::1]:8080/a", true, "001_1_8080_a.png"},
		{"query and fragment", "https://example.com/a?b=/c#/d", false, "001_a.png"},
		{"query without path", "https://example.com?b=/c", false, "001_example.com.png"},
		{"extension in the path", "https://example.com/page.html", false, "001_page.html.png"},
		{"trailing slash", "https://example.com/a/b/", false, "001_a_b.png"},

		// G1: names that try to leave their folder.
		{"parents", "http://a.test/../../etc/passwd", false, "001_etc_passwd.png"},
		{"encoded slashes", "http://a.test/..%2f..%2fetc", false, "001_etc.png"},
		{"encoded dots", "http://a.test/%2e%2e/", false, "001_a.test.png"},
		{"parents in the middle", "http://a.test/a/../../b", false, "001_a_b.png"},
		{"back slashes", `http://a.test/\..\..\x`, false, "001_x.png"},
		{"encoded back slashes", "http://a.test/%5c..%5cx", false, "001_x.png"},
		{"drive", "http://a.test/C:/x", false, "001_C_x.png"},
		{"share", "http://a.test//srv/share", false, "001_srv_share.png"},
		{"many dots", "http://a.test/a....b", false, "001_a.b.png"},

		// G2: names that a system keeps for itself.
		{"device", "http://a.test/CON", false, "001_CON.png"},
		{"device with extension", "http://a.test/nul.html", false, "001_nul.html.png"},
		{"device with this extension", "http://a.test/LPT9.png", false, "001_LPT9.png.png"},
		{"trailing dot", "http://a.test/a.", false, "001_a.png"},
		{"trailing blank", "http://a.test/a%20", false, "001_a.png"},
		{"forbidden on Windows", `http://a.test/x%3C%3E%3A%22%7C%3F%2Ay`, false, "001_x_y.png"},
		{"superscript", "http://a.test/COM%C2%B9", false, "001_COM.png"},

		// G3: long ones, cut to 120 bytes with a mark.
		{"long", long, false, "001_" + strings.Repeat("segment-", 13) + "dc0f3e47.png"},

		// G4: the ordinal tells these apart; see TestOrdinalsTellNamesApart.
		{"case", "http://a.test/Foo", false, "001_Foo.png"},
		{"precomposed", "http://a.test/caf%C3%A9", false, "001_caf.png"},
		{"decomposed", "http://a.test/cafe%CC%81", false, "001_cafe.png"},

		// G5: characters that deceive a reader.
		{"right to left", "http://a.test/a%E2%80%AEgnp.exe", false, "001_a_gnp.exe.png"},
		{"zero width", "http://a.test/a%E2%80%8Bb", false, "001_a_b.png"},
		{"NUL", "http://a.test/a%00b", false, "001_a_b.png"},
		{"end of line", "http://a.test/a%0D%0Ab", false, "001_a_b.png"},
		{"leading dash", "http://a.test/-rf", false, "001_-rf.png"},
		{"leading dot", "http://a.test/.git/config", false, "001_git_config.png"},
		{"formula", "http://a.test/=cmd()", false, "001_cmd.png"},
		{"nothing readable", "http://a.test/%E4%BE%8B%E3%81%88", false, "001_a.test.png"},
		{"broken encoding", "http://a.test/100%/a%zz", false, "001_100_a_zz.png"},
		{"cut encoding", "http://a.test/a%2", false, "001_a_2.png"},
		{"no URL at all", "///", false, "001_.png"},
	} {
		t.Run(test.about, func(t *testing.T) {
			if got := archive.EntryName(1, 1, test.target, "", "png", test.mixed); got != test.want {
				t.Errorf("%s is named %s, want %s", test.target, got, test.want)
			}
		})
	}
}

func TestOrdinalsArePadded(t *testing.T) {
	for _, test := range []struct {
		ordinal, total int
		want           string
	}{
		{1, 1, "001_a.jpeg"},
		{7, 999, "007_a.jpeg"},
		{7, 1000, "0007_a.jpeg"},
		{12345, 70000, "12345_a.jpeg"},
		{500, 500, "500_a.jpeg"},
	} {
		if got := archive.EntryName(test.ordinal, test.total, "http://h.test/a", "", "jpeg", false); got != test.want {
			t.Errorf("%d of %d is named %s, want %s", test.ordinal, test.total, got, test.want)
		}
	}
}

func TestOrdinalsTellNamesApart(t *testing.T) {
	targets := []string{
		"http://a.test/Foo", "http://a.test/foo", "http://a.test/FOO", "http://a.test/a?x=1", "http://a.test/a?x=2",
		"http://a.test/caf%C3%A9", "http://a.test/caf%c3%a9", "http://a.test/%C4%B0", "http://a.test/1_a", "http://a.test/a",
	}
	seen := map[string]string{}
	for i, target := range targets {
		name := strings.ToLower(archive.EntryName(i+1, len(targets), target, "", "png", false))
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s are both named %s", target, other, name)
		}
		seen[name] = target
	}
}

func TestTheNameSaysTheFormat(t *testing.T) {
	for contentType, want := range map[string]string{"image/jpeg": "001_a.jpeg", "application/pdf": "001_a.pdf"} {
		capture := darkroom.Capture{Ordinal: 1, URL: "http://h.test/a", Result: darkroom.Result{Artifact: darkroom.Artifact{ContentType: contentType}}}
		if got := (archive.Naming{Total: 1}).Name(capture); got != want {
			t.Errorf("%s is named %s, want %s", contentType, got, want)
		}
	}
}

func TestTheNameEndsWithTheVariant(t *testing.T) {
	for _, test := range []struct{ target, variant, want string }{
		{"http://a.test/blog/post", "phone", "007_blog_post_phone.png"},
		{"http://a.test/", "v2", "007_a.test_v2.png"},
		{"http://a.test/x.y", "iPhone-14.dark", "007_x.y_iPhone-14.dark.png"},
		{"http://a.test/" + strings.Repeat("segment-", 40), "phone", "007_" + strings.Repeat("segment-", 12) + "s-dc0f3e47_phone.png"},
	} {
		got := archive.EntryName(7, 20, test.target, test.variant, "png", false)
		if got != test.want || len(got) > archive.MaxNameBytes {
			t.Errorf("%s in %s is named %s, want %s", test.target, test.variant, got, test.want)
		}
	}
}

func FuzzEntryName(f *testing.F) {
	for _, target := range []string{
		"https://example.com/blog/my-first-post", "http://a.test/..%2f..%2fetc", "http://a.test/%", "", "://", "///",
		"http://a.test/" + strings.Repeat("%E4%BE%8B", 100), "http://" + strings.Repeat("h", 300), "\x00\xff", "http://a/%2e%2e%2f",
	} {
		f.Add(target, 1, 1, false)
		f.Add(target, 70000, 70000, true)
	}
	form := regexp.MustCompile(`^[0-9]{3,}_[A-Za-z0-9._-]*\.png$`)
	f.Fuzz(func(t *testing.T, target string, ordinal, total int, mixed bool) {
		ordinal, total = ordinal&0xfffff, total&0xfffff
		name := archive.EntryName(ordinal, total, target, "", "png", mixed)
		if !form.MatchString(name) || len(name) > archive.MaxNameBytes || strings.Contains(name, "..") || !fs.ValidPath(name) {
			t.Errorf("%q is named %q", target, name)
		}
	})
}
