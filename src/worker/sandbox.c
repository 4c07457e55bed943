/* Five locks, one behind the other: limits, no new privileges, no inspection, Landlock (no files), seccomp (a short list
 * of system calls). Each alone would stop most of what a taken-over decoder could try. */
#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/sandbox_int.h"

enum {
	FILES_MAX = 16,        /* the socket, standard streams, one photo, and room */
	CPU_SECONDS_MAX = 3600, /* over a child's whole life; single jobs are timed by the pool */
	NICENESS = 5,          /* the server's loops go first */
};

/* Sanitizers reserve terabytes of address space. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMIT_MEMORY false
#else
#define LIMIT_MEMORY true
#endif

static bool limit(int resource, rlim_t most)
{
	return setrlimit((__rlimit_resource_t)resource, &(struct rlimit){ most, most }) == 0;
}

static bool set_limits(uint64_t memory_bytes)
{
	return (!LIMIT_MEMORY || limit(RLIMIT_AS, memory_bytes)) && limit(RLIMIT_CPU, CPU_SECONDS_MAX) &&
	       limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, FILES_MAX);
}

/* Asks for every right that this kernel knows to be forbidden, and allows none back. False without Landlock. */
static bool landlock(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	static const uint64_t rights[] = { 0, (1u << 13) - 1, (1u << 14) - 1, (1u << 15) - 1 };

	if (version < 1)
		return false;
	struct landlock_ruleset_attr all = { .handled_access_fs = rights[FL_MIN(version, 3)] };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);
	if (ruleset < 0)
		return false;
	bool locked = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return locked;
}

/* What decoding, inference and answering need, found by tracing the tests. */
static const int allowed[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(fcntl),
	SCMP_SYS(recvmsg), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(uname), SCMP_SYS(sysinfo),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* No honest decoder ever asks for these: whoever does is somebody else, and ends here. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf), SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(keyctl), SCMP_SYS(io_uring_setup), SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open), SCMP_SYS(kill),
};

static bool add_lists(scmp_filter_ctx filter)
{
	bool good = true;

	for (size_t i = 0; i < FL_COUNT(allowed); i++)
		good = good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	for (size_t i = 0; i < FL_COUNT(deadly); i++)
		good = good && seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0) == 0;
	return good;
}

/* Calls that are right only with the right arguments. */
static bool add_conditions(scmp_filter_ctx filter, int sock)
{
	scmp_datum_t fd = (scmp_datum_t)sock;

	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, SCMP_A0(SCMP_CMP_EQ, fd)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, SCMP_A0(SCMP_CMP_EQ, fd)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, 2)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, SCMP_A0(SCMP_CMP_EQ, 2)) == 0 &&
	       /* memory of its own, never executable, never shared with a file */
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	                        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	                        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static bool seccomp(int sock)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool locked = filter && add_lists(filter) && add_conditions(filter, sock) && seccomp_load(filter) == 0;

	seccomp_release(filter);
	return locked;
}

fl_err fl_sandbox_enter(int sock, uint64_t memory_bytes, fl_sandbox *out)
{
	if (setpriority(PRIO_PROCESS, 0, NICENESS) != 0 && errno != EACCES)
		return FL_IO;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !set_limits(memory_bytes))
		return FL_IO;
	out->landlock = landlock();
	out->seccomp = seccomp(sock);
	return FL_OK;
}
