// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/program_run.h"

#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostErrors = 131072;
constexpr std::size_t kReadBytes = 65536;

// Takes what comes through a pipe, in a thread of its own, until it is stopped: a process
// that outlives the program may keep the other end open for ever.
class PipeReader {
 public:
  static Result<std::unique_ptr<PipeReader>> start() {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return fail(system_error("cannot create a pipe", errno));
    }
    std::unique_ptr<PipeReader> reader(new PipeReader(Fd(ends[0]), Fd(ends[1])));
    if (!reader->stop_.valid()) {
      return fail(system_error("cannot create an eventfd", errno));
    }
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    reader->thread_ = std::thread([to = reader.get()] { to->read(); });
    return reader;
  }

  ~PipeReader() { stop(); }

  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  int write_end() const { return write_end_.get(); }

  // What has come until now.
  std::string take() {
    stop();
    return text_.take();
  }

 private:
  PipeReader(Fd read_end, Fd write_end)
      : read_end_(std::move(read_end)),
        write_end_(std::move(write_end)),
        stop_(::eventfd(0, EFD_CLOEXEC)) {}

  void stop() {
    if (thread_.joinable()) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t put = ::write(stop_.get(), &one, sizeof one);
      thread_.join();
    }
  }

  void read() {
    std::string buffer(kReadBytes, '\0');
    bool stopped = false;
    while (!stopped) {
      std::array<pollfd, 2> fds = {pollfd{read_end_.get(), POLLIN, 0},
                                   pollfd{stop_.get(), POLLIN, 0}};
      ::poll(fds.data(), fds.size(), -1);
      stopped = fds[1].revents != 0;
      ssize_t got = 0;
      while ((got = ::read(read_end_.get(), buffer.data(), buffer.size())) > 0) {
        text_.append(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
      }
    }
  }

  Fd read_end_;
  Fd write_end_;  // ours: the pipe has no end before we are asked
  Fd stop_;
  BoundedOutput text_{kMostErrors};
  std::thread thread_;
};

}  // namespace

Result<ProgramRun> run_program(std::vector<std::string> argv,
                               const std::filesystem::path& working_directory,
                               std::chrono::milliseconds timeout) {
  PC_ASSIGN_OR_RETURN(const std::filesystem::path program, find_program(argv.at(0)));
  argv[0] = program;
  PC_ASSIGN_OR_RETURN(const std::unique_ptr<PipeReader> errors, PipeReader::start());
  SubprocessOptions command;
  // A subprocess has one pipe for both, and an input: the shell makes that input its
  // standard error, and becomes the program.
  command.argv = {"/bin/sh", "-c", R"(exec "$@" 2>&0 </dev/null)", "sh"};
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());
  command.stdin_fd = errors->write_end();
  command.working_directory = working_directory;
  command.timeout = timeout;
  command.output_limit_bytes = kMostAnswers;
  ProgramRun run;
  PC_ASSIGN_OR_RETURN(run.state, run_subprocess(command));
  // What was cut is replaced by a line that says so, beyond the limit.
  run.whole = run.state.output.size() <= kMostAnswers;
  run.errors = errors->take();
  return run;
}

}  // namespace powercut
