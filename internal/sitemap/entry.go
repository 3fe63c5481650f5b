package sitemap

// entry is what one file says about one address. Its bytes are valid until the
// next entry is read.
type entry struct {
	loc     []byte // trimmed; "" when it says nothing
	lastmod []byte // as written
	child   bool   // it is a sitemap, not a page
}

// reader reads the entries of one file.
type entries struct {
	each  func(entry) error
	count int
	limit int
}

// give hands an entry on. Every element that claims to be one counts, so that
// a file of nothing but empty ones ends as well.
func (e *entries) give(found entry) error {
	if e.count++; e.count > e.limit {
		return errFileURLs
	}
	return e.each(found)
}
