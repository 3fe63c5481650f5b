package chrome

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the browser runs as. As root we never run it as ourselves:
// Chromium would refuse its sandbox.
type account struct {
	change   bool
	uid, gid uint32
	name     string
}

func browserAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"darkroom", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return accountOf(found)
		}
	}
	return account{}, fmt.Errorf("run as root: there is neither a user darkroom nor a user nobody to run the browser as; " +
		"create one (useradd --system darkroom) or start the server as another user")
}

func accountOf(found *user.User) (account, error) {
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the user id of %s: %w", found.Username, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the group id of %s: %w", found.Username, err)
	}
	return account{change: true, uid: uint32(uid), gid: uint32(gid), name: found.Username}, nil
}

// attributes puts the browser into a group of its own, which can be killed as
// one, and has the kernel kill it when our launching thread ends.
func (a account) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: a.credential()}
}

// credential is nil when the browser runs as this process does.
func (a account) credential() *syscall.Credential {
	if !a.change {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a path to the account.
func (a account) own(path string) error {
	if !a.change {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give %s to the user %s: %w", path, a.name, err)
	}
	return nil
}

// closed gives the uppermost of a folder and those above it that the account
// may not enter; "" when it may go there.
func (a account) closed(folder string) string {
	found := ""
	for {
		if info, err := os.Stat(folder); err != nil || !a.mayEnter(info) {
			found = folder
		}
		if folder == filepath.Dir(folder) {
			return found
		}
		folder = filepath.Dir(folder)
	}
}

// mayEnter reports whether the mode of a folder lets the account through.
func (a account) mayEnter(folder os.FileInfo) bool {
	if !a.change {
		return true
	}
	stat, ok := folder.Sys().(*syscall.Stat_t)
	mode := folder.Mode().Perm()
	switch {
	case !ok:
		return false
	case stat.Uid == a.uid:
		return mode&0o100 != 0
	case stat.Gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
