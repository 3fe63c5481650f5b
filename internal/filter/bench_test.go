package filter_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"darkroom/internal/filter"
)

// bigList has as many rules as the largest lists in use, in their proportions.
func bigList(rules int) string {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		letters := make([]byte, 4+random.IntN(8))
		for i := range letters {
			letters[i] = byte('a' + random.IntN(26))
		}
		return string(letters)
	}
	var list strings.Builder
	for i := range rules {
		switch i % 10 {
		default:
			fmt.Fprintf(&list, "||%s.%s^$third-party\n", word(), []string{"com", "net", "io", "co.uk"}[i%4])
		case 6:
			fmt.Fprintf(&list, "||%s.com/%s/$script\n", word(), word())
		case 7:
			fmt.Fprintf(&list, "/%s-ads/*%s.\n", word(), word())
		case 8:
			fmt.Fprintf(&list, "-%s-banner.$image,domain=%s.com|%s.net\n", word(), word(), word())
		case 9:
			fmt.Fprintf(&list, "@@||%s.com^$domain=%s.com\n", word(), word())
		}
		if i%200 == 0 {
			fmt.Fprintf(&list, "%sad%s$script\n", word(), word())
		}
	}
	return list.String()
}

func addresses() []filter.Request {
	return []filter.Request{
		{URL: "https://www.example.com/assets/application-4f8e0c1b2d.js", Kind: filter.Script},
		{URL: "https://cdn.example.net/images/2026/11/23/header-photo-1280x720.webp?w=1280&q=80", Kind: filter.Image},
		{URL: "https://fonts.gstatic.com/s/inter/v13/UcCO3FwrK3iLTeHuS_fvQtMwCp50KnMw2boKoduKmMEVuLyfAZ9hiA.woff2", Kind: filter.Font},
		{URL: "https://api.example.com/v2/articles?ids=1,2,3,4,5,6,7,8&fields=title,teaser,image,author&locale=en-GB", Kind: filter.XHR},
		{URL: "https://securepubads.g.doubleclick.net/tag/js/gpt.js", Kind: filter.Script},
		{URL: "https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0", Kind: filter.Subdocument},
	}
}

func BenchmarkMatch(b *testing.B) {
	own, err := filter.Open(nil, quiet())
	if err != nil {
		b.Fatal(err)
	}
	big, _ := filter.NewSet(filter.List{Group: filter.Ads, Text: bigList(20_000)})
	huge, _ := filter.NewSet(filter.List{Group: filter.Ads, Text: bigList(100_000)})
	page, requests := filter.PageAt("https://www.example.com/article/1"), addresses()
	for _, size := range []struct {
		name string
		set  *filter.Set
	}{{"own lists", own}, {"20,000 rules", big}, {"100,000 rules", huge}} {
		b.Run(size.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				size.set.Match(filter.Ads|filter.Trackers|filter.Chats, page, requests[i%len(requests)])
			}
		})
	}
}

func BenchmarkNewSet(b *testing.B) {
	text := bigList(20_000)
	b.ReportAllocs()
	for b.Loop() {
		filter.NewSet(filter.List{Group: filter.Ads, Text: text})
	}
}
