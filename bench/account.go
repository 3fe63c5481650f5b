package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who every browser runs as, ours and the peers': not root, or it
// would refuse its sandbox.
type account struct {
	name     string
	change   bool
	uid, gid uint32
}

func (a account) String() string { return a.name }

// browserAccount chooses as the server does.
func browserAccount() (account, error) {
	if os.Geteuid() != 0 {
		current, err := user.Current()
		if err != nil {
			return account{}, err
		}
		return account{name: current.Username}, nil
	}
	for _, name := range []string{"darkroom", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return account{}, err
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		return account{name: name, change: true, uid: uint32(uid), gid: uint32(gid)}, err
	}
	return account{}, fmt.Errorf("run as root: there is neither a user darkroom nor a user nobody to run browsers as")
}

func (a account) attributes() *syscall.SysProcAttr {
	if !a.change {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
}

// folder makes a folder that belongs to the account.
func (a account) folder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	if !a.change {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// environment is all that a peer gets to know of ours; home is a folder of its
// own.
func (a account) environment(home string) ([]string, error) {
	temporary := filepath.Join(home, "tmp")
	if err := a.folder(home); err != nil {
		return nil, err
	}
	if err := a.folder(temporary); err != nil {
		return nil, err
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC", "HOME=" + home, "TMPDIR=" + temporary,
		"XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_RUNTIME_DIR=" + temporary,
		"DBUS_SESSION_BUS_ADDRESS=disabled:", "DBUS_SYSTEM_BUS_ADDRESS=disabled:",
	}, nil
}
