//===- StopAfterInit.c - a rank that stands still after MPI_Init -----------*- C -*-===//
//
// Loaded before MPI: rank $STOP_AFTER_INIT stops itself when MPI_Init_thread has returned.
//
//===----------------------------------------------------------------------===//

#include <mpi.h>
#include <signal.h>
#include <stdlib.h>

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
  int code = PMPI_Init_thread(argc, argv, required, provided), rank = 0;
  const char *victim = getenv("STOP_AFTER_INIT");
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (victim && atoi(victim) == rank)
    raise(SIGSTOP);
  return code;
}
