package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// openOnDesktop has the desktop's browser show an address, and reports whether
// there is a desktop that does. The browser goes on after the program, and a
// Ctrl-C that is meant for the program is not for it.
func (p *program) openOnDesktop(ctx context.Context, address string) bool {
	opener := p.opener()
	if opener == "" {
		return false
	}
	command := exec.CommandContext(context.WithoutCancel(ctx), opener, address)
	command.Env = p.env.list()
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return command.Start() == nil && command.Process.Release() == nil
}

// opener is the program that opens addresses; "" where there is no desktop.
func (p *program) opener() string {
	switch {
	case runtime.GOOS == "darwin":
		return p.find("open")
	case p.env["DISPLAY"] != "" || p.env["WAYLAND_DISPLAY"] != "":
		return p.find("xdg-open")
	}
	return ""
}

// find looks for a program where the environment says.
func (p *program) find(name string) string {
	for _, folder := range filepath.SplitList(p.env["PATH"]) {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if filepath.IsAbs(path) && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}
