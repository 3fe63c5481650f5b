package chrome

import (
	"errors"
	"os/exec"
	"runtime"
)

// launcher starts processes from one operating system thread that lives as
// long as the engine. Pdeathsig needs that: it kills the child when the
// thread, not the process, that started it ends, and Go ends idle threads.
type launcher struct {
	requests chan launchRequest
	quit     chan struct{}
	done     chan struct{}
}

type launchRequest struct {
	cmd    *exec.Cmd
	result chan error
}

var errEngineClosed = errors.New("the engine is closed")

func startLauncher() *launcher {
	l := &launcher{requests: make(chan launchRequest), quit: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// run does not unlock its thread: it ends with the goroutine.
func (l *launcher) run() {
	defer close(l.done)
	runtime.LockOSThread()
	for {
		select {
		case request := <-l.requests:
			request.result <- request.cmd.Start()
		case <-l.quit:
			return
		}
	}
}

func (l *launcher) start(cmd *exec.Cmd) error {
	request := launchRequest{cmd, make(chan error, 1)}
	select {
	case l.requests <- request:
		return <-request.result
	case <-l.done:
		return errEngineClosed
	}
}

// stop must come after every process has ended: it ends the thread.
func (l *launcher) stop() {
	close(l.quit)
	<-l.done
}
