package chrome

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"darkroom/internal/egress"
	"darkroom/internal/isolation"
)

// process is one browser with all its children, a process group of its own.
type process struct {
	cmd    *exec.Cmd
	folder string // profile, home and temporary files; removed when it ended
	conn   *conn
	stderr *tail
	outlet *outlet       // nil until the browser can send requests
	exited chan struct{} // closed when the first process of the group ended

	enclosure *isolation.Enclosure // nil without isolation
}

// start starts the browser in a folder of its own, with that proxy as its only
// way out, and returns when it has answered.
func (e *Engine) start(ctx context.Context, proxy *egress.Proxy) (*process, error) {
	folder, err := e.run.newFolder()
	if err != nil {
		return nil, err
	}
	p, err := e.startIn(ctx, folder, proxy)
	if err != nil {
		return nil, errors.Join(err, e.run.drop(folder))
	}
	return p, nil
}

func (e *Engine) startIn(ctx context.Context, folder string, proxy *egress.Proxy) (*process, error) {
	if err := e.run.trust(folder, e.authorities); err != nil {
		return nil, err
	}
	p := &process{folder: folder, stderr: &tail{}, exited: make(chan struct{})}
	if err := e.enter(ctx, p, proxy); err != nil {
		return nil, fmt.Errorf("start the browser %s: %w", e.browser.Path, err)
	}
	if err := e.run.record(folder, p.cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, p.end())
	}
	if err := p.conn.browser().awake(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the browser's first answer: %w (it said: %s)", err, p.stderr), p.end())
	}
	return p, nil
}

// enter starts the process where only its proxy can be reached or, without
// isolation, where it is told to use nothing else.
func (e *Engine) enter(ctx context.Context, p *process, proxy *egress.Proxy) error {
	if e.isolation.On {
		return e.enterNamespace(ctx, p, proxy)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the browser's requests: %w", err)
	}
	e.command(p, listener.Addr().String())
	p.outlet = openOutlet(ctx, proxy, listener)
	if err := e.launch(p); err != nil {
		return errors.Join(err, p.outlet.close())
	}
	return nil
}

func (e *Engine) enterNamespace(ctx context.Context, p *process, proxy *egress.Proxy) error {
	e.command(p, isolation.Address)
	if err := e.launch(p); err != nil {
		return err
	}
	listener, err := p.enclosure.Listener(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("%w (it said: %s)", err, p.stderr), p.end())
	}
	p.outlet = openOutlet(ctx, proxy, listener)
	return nil
}

// command is the browser's, with the address of its proxy as host:port.
func (e *Engine) command(p *process, proxy string) {
	options := launchOptions{
		shell: e.browser.Shell(), strict: e.config.Strict, proxy: proxy,
		profile: filepath.Join(p.folder, "profile"), smallShared: smallSharedMemory(),
		without: e.config.without,
	}
	p.cmd = exec.Command(e.browser.Path, options.arguments()...)
	p.cmd.Dir = p.folder
	p.cmd.Env = environment(p.folder)
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = time.Second
	p.cmd.SysProcAttr = e.run.user.attributes()
}

// launch gives the browser its ends of the two pipes as descriptors 3 and 4.
func (e *Engine) launch(p *process) error {
	commands, toBrowser, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	fromBrowser, answers, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("make a pipe: %w", err), commands.Close(), toBrowser.Close())
	}
	widen(toBrowser, fromBrowser)
	p.cmd.ExtraFiles = []*os.File{commands, answers}
	err = e.begin(p)
	_ = commands.Close()
	_ = answers.Close()
	if err != nil {
		return errors.Join(err, toBrowser.Close(), fromBrowser.Close())
	}
	// Set before the browser has threads and children: they inherit it.
	_ = unix.Setpriority(unix.PRIO_PGRP, p.group(), browserNice)
	p.conn = newConn(toBrowser, fromBrowser)
	go p.wait()
	return nil
}

// begin starts the command, in namespaces of its own where they are in force.
func (e *Engine) begin(p *process) (err error) {
	if !e.isolation.On {
		return e.launcher.start(p.cmd)
	}
	if p.enclosure, err = isolation.Enclose(p.cmd); err != nil {
		return err
	}
	if err := e.launcher.start(p.cmd); err != nil {
		p.enclosure.Close()
		return err
	}
	return nil
}

// browserNice lets the server answer at once while its browsers keep every
// processor busy. It takes nothing from them when there is nothing to answer.
const browserNice = 5

// widen makes the pipes as large as an unprivileged user may: a picture then
// takes fewer turns between the two processes. Without it all works as well.
func widen(pipes ...*os.File) {
	for _, pipe := range pipes {
		if raw, err := pipe.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
		}
	}
}

func (p *process) wait() {
	defer close(p.exited)
	_ = p.cmd.Wait()
}

func (p *process) group() int { return p.cmd.Process.Pid }

// end kills the whole group and returns when none of it is left.
func (p *process) end() error {
	killGroup(p.group())
	<-p.exited
	// Some may have been born while the first signal was on its way.
	killGroup(p.group())
	reap(p.group())
	err := p.conn.close()
	if p.outlet != nil {
		err = errors.Join(err, p.outlet.close())
	}
	return err
}

// killGroup kills every process of a group. That there is none is fine.
func killGroup(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) }

// reap buries the grandchildren that fell to us. They do when this process is
// the first of its container; otherwise there are none, and init does it.
func reap(group int) {
	for {
		_, err := syscall.Wait4(-group, nil, 0, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// environment is all that the browser gets to know of ours. Its home and its
// temporary files lie in its folder, so that they go with it.
func environment(folder string) []string {
	in := func(name string) string { return filepath.Join(folder, name) }
	return []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC",
		"HOME=" + in("home"), "TMPDIR=" + in("tmp"),
		"XDG_CONFIG_HOME=" + in("home"), "XDG_CACHE_HOME=" + in("home"), "XDG_DATA_HOME=" + in("home"),
		"XDG_RUNTIME_DIR=" + in("tmp"), "DBUS_SESSION_BUS_ADDRESS=disabled:", "DBUS_SYSTEM_BUS_ADDRESS=disabled:",
	}
}

// smallSharedMemory reports whether /dev/shm is missing or too small for a
// browser's bitmaps, as the 64 MB of a container's default are.
func smallSharedMemory() bool {
	var stat unix.Statfs_t
	err := unix.Statfs("/dev/shm", &stat)
	return err != nil || stat.Blocks*uint64(stat.Bsize) < 512<<20
}

// tail keeps the last bytes that a browser wrote to its standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
