package filter

// index finds the rules that may fit an address by the words in it. Each rule
// is kept under one word that every address it fits must have.
type index struct {
	byWord map[uint32][]*rule
	rest   []*rule // that have no such word: every request asks them
}

// newIndex keeps each rule under the rarest of its words.
func newIndex(rules []*rule) index {
	x := index{byWord: map[uint32][]*rule{}}
	uses := map[uint32]int{}
	words := make([][]uint32, len(rules))
	for i, r := range rules {
		words[i] = r.words()
		for _, word := range words[i] {
			uses[word]++
		}
	}
	for i, r := range rules {
		if len(words[i]) == 0 {
			x.rest = append(x.rest, r)
			continue
		}
		rarest := words[i][0]
		for _, word := range words[i] {
			if uses[word] < uses[rarest] {
				rarest = word
			}
		}
		x.byWord[rarest] = append(x.byWord[rarest], r)
	}
	return x
}

// find gives the first rule that fits; nil when none does.
func (x *index) find(q *query, groups Group) *rule {
	if found := first(x.rest, q, groups); found != nil || len(x.byWord) == 0 {
		return found
	}
	for at := 0; at < len(q.text); {
		if !inWord(q.text[at]) {
			at++
			continue
		}
		hash, end := hashWord(q.text, at)
		if found := first(x.byWord[hash], q, groups); found != nil {
			return found
		}
		at = end
	}
	return nil
}

func first(rules []*rule, q *query, groups Group) *rule {
	for _, r := range rules {
		if r.matches(q, groups) {
			return r
		}
	}
	return nil
}

// words are the hashes of those words of the pattern that must be whole words
// of the address: something that is no part of a word stands on both sides.
func (r *rule) words() (hashes []uint32) {
	if r.expression != nil {
		return nil
	}
	p := &r.pattern
	for i, part := range p.parts {
		part = lower(part)
		for at := 0; at < len(part); {
			if !inWord(part[at]) {
				at++
				continue
			}
			hash, end := hashWord(part, at)
			begins := at > 0 || i == 0 && (p.atHost || p.atHead)
			ends := end < len(part) || i == len(p.parts)-1 && p.atTail
			if begins && ends {
				hashes = append(hashes, hash)
			}
			at = end
		}
	}
	return hashes
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '%'
}

// hashWord hashes the word that begins at a place (FNV-1a) and says where it
// ends.
func hashWord(text string, at int) (hash uint32, end int) {
	hash = 2166136261
	for ; at < len(text) && inWord(text[at]); at++ {
		hash = (hash ^ uint32(text[at])) * 16777619
	}
	return hash, at
}
