//===- StopRank.c - a rank that stands still inside of MPI -----------------*- C -*-===//
//
// Loaded before MPI: rank $STOP_RANK stops itself when MPI_Init_thread has returned ($STOP_AT is
// "init") or before MPI_Finalize ("finalize"). With "slow" the first MPI_Allreduce of every rank
// takes 13 seconds.
//
//===----------------------------------------------------------------------===//

#include <mpi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void stopAt(const char *place) {
  const char *wanted = getenv("STOP_AT"), *victim = getenv("STOP_RANK");
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (wanted && victim && strcmp(wanted, place) == 0 && atoi(victim) == rank)
    raise(SIGSTOP);
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
  int code = PMPI_Init_thread(argc, argv, required, provided);
  stopAt("init");
  return code;
}

int MPI_Allreduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm) {
  static int calls = 0;
  const char *wanted = getenv("STOP_AT");
  if (wanted && strcmp(wanted, "slow") == 0 && calls++ == 0)
    sleep(13);
  return PMPI_Allreduce(from, to, count, type, op, comm);
}

int MPI_Finalize(void) {
  stopAt("finalize");
  return PMPI_Finalize();
}
