package chrome

import (
	"fmt"
	"path/filepath"
)

// Fault is why no browser can start where a person must mend it: the user who
// runs the browsers may not enter a folder that they need.
type Fault struct {
	User    string // who runs the browsers
	Folder  string // closed to them
	Path    string // of what they need, in it
	Instead string // how to have it elsewhere
}

// Error says who may not enter which folder.
func (f *Fault) Error() string {
	return fmt.Sprintf("the browser runs as the user %s, who may not enter %s on the way to %s", f.User, f.Folder, f.Path)
}

// Hint says what to do.
func (f *Fault) Hint() string {
	return fmt.Sprintf("%s, or let everybody enter: chmod o+x %s", f.Instead, f.Folder)
}

// reaches gives a Fault when the account may not go where path lies, links
// followed. instead is its way out.
func (a account) reaches(path, instead string) error {
	place, err := filepath.EvalSymlinks(path)
	if err != nil {
		place = path // not there yet
	}
	if closed := a.closed(filepath.Dir(place)); closed != "" {
		return &Fault{User: a.name, Folder: closed, Path: path, Instead: instead}
	}
	return nil
}
