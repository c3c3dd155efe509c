//===- dchag_rt.h - contract of generated programs and the runtime --------*- C -*-===//
//
// A compiled model is an object file that exports one `dchag_program` by the symbol `dchag_model`
// and calls the `dchag_rt_*` functions below. The runtime links with it, provides those functions
// and `main`, and gets everything about the model from the descriptor. Both sides are plain C. The
// descriptor and the tables of functions begin with a version and their size, so that a program or
// adapter built for another DCHAG_RT_ABI_VERSION is refused, not misread.
//
// Sizes are in elements unless a name says bytes. All structures are constant data of
// the program and live as long as the process.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RT_H
#define DCHAG_RT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DCHAG_RT_MAGIC 0x4443484147525431ull /* "DCHAGRT1" */
#define DCHAG_RT_ABI_VERSION 6
#define DCHAG_RT_MAX_RANK 12
#define DCHAG_RT_MAX_AXES_PER_DIM 4
/// Arena offsets and the pointers in the buffer table are multiples of this.
#define DCHAG_RT_ALIGNMENT 64

/// Element types. Booleans are one byte, 0 or 1.
typedef enum dchag_dtype {
  DCHAG_BOOL = 0,
  DCHAG_I8 = 1,
  DCHAG_I16 = 2,
  DCHAG_I32 = 3,
  DCHAG_I64 = 4,
  DCHAG_U8 = 5,
  DCHAG_F16 = 6,
  DCHAG_BF16 = 7,
  DCHAG_F32 = 8,
  DCHAG_F64 = 9,
  DCHAG_U16 = 10,
  DCHAG_U32 = 11,
  DCHAG_U64 = 12
} dchag_dtype;

typedef enum dchag_reduction { DCHAG_SUM = 0, DCHAG_MAX = 1, DCHAG_MIN = 2 } dchag_reduction;

/// Who fills a buffer.
typedef enum dchag_filler {
  DCHAG_FILLED_BY_CALLER = 0,  ///< the user, before each run
  DCHAG_FILLED_BY_FILE = 1,    ///< the weights, by `reads`, once at load
  DCHAG_FILLED_BY_PROGRAM = 2, ///< an entry point
  DCHAG_FILLED_WITH_ZERO = 3   ///< its elements are 0 at the start
} dchag_filler;

/// How long the elements of a buffer are needed.
typedef enum dchag_lifetime {
  DCHAG_LIVES_FOR_LOAD = 0,   ///< until the entry points that run at load have run
  DCHAG_LIVES_FOR_RUN = 1,    ///< during one run of an entry point
  DCHAG_LIVES_FOR_PROGRAM = 2 ///< to the end
} dchag_lifetime;

/// Bits of `dchag_buffer.flags`.
typedef enum dchag_buffer_flag {
  DCHAG_UPDATED_IN_PLACE = 1, ///< state that one run leaves to the next
  DCHAG_IN_CHECKPOINT = 2     ///< a run that goes on from a checkpoint needs it
} dchag_buffer_flag;

/// One axis of the mesh of ranks. Ranks are numbered with the last axis fastest.
typedef struct dchag_axis {
  const char *name;
  int64_t size;
} dchag_axis;

/// How one dimension of a buffer is sharded over the ranks. The rank whose position along
/// `axes` (first axis slowest) is i holds the global elements [i * local, (i + 1) * local)
/// that are below `global`; the rest of its part is padding. Without axes local == global.
typedef struct dchag_dim {
  int64_t global;
  int64_t local;
  int32_t num_axes;
  int32_t axes[DCHAG_RT_MAX_AXES_PER_DIM];
} dchag_dim;

/// A tensor of the weights file: the name, type and shape that the model was built for.
typedef struct dchag_file_param {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const int64_t *shape;
} dchag_file_param;

/// One strided copy out of a file parameter (row major in the file) into a buffer:
/// for every index i with 0 <= i[d] < size[d]
///     buffer[dst_offset + i] = file[src_offset + sum_d i[d] * src_stride[d]]
/// in global coordinates of the buffer; a rank copies the part in its shard. `box` is three arrays
/// with an entry for each dimension of the buffer, one after the other: dst_offset, size,
/// src_stride. Types agree, except the sign of integers, whose bits are copied; or the file's type
/// is converted to the buffer's (f16, bf16, f32, f64).
typedef struct dchag_read {
  int32_t file_param;
  int64_t src_offset;
  const int64_t *box;
} dchag_read;

/// A buffer that outlives a call: entry points get a pointer for each, in table order.
/// A buffer with `reads` is zeroed (padding too), then filled by them once at load.
typedef struct dchag_buffer {
  const char *name; ///< ONNX name of an input or output; unique within its role
  const char *role; ///< a word for messages; what follows says what it means
  int32_t filler;
  int32_t lifetime;
  int32_t flags;
  int32_t memory_space; ///< of the target; 0 is its default
  int32_t dtype;
  int32_t rank;
  const dchag_dim *dims;
  int32_t num_reads;
  const dchag_read *reads;
} dchag_buffer;

/// A set of communicators: ranks that differ only in their position along `axes`.
typedef struct dchag_comm_group {
  int32_t num_axes;
  const int32_t *axes;
} dchag_comm_group;

typedef struct dchag_context dchag_context;

/// `buffers` has one pointer for each entry of the buffer table, `arena` is scratch
/// memory of the sizes the descriptor states. Errors are kept in the context.
typedef void (*dchag_entry)(dchag_context *context, void **buffers, void *arena);

/// When an entry point runs.
typedef enum dchag_entry_time {
  /// After weights are loaded, in table order; entry points with a buffer that is updated in place
  /// also before each run that follows another one. They write only buffers that the program fills,
  /// with values that depend on what they read on all ranks, so that these can be kept for another
  /// start.
  DCHAG_AT_LOAD = 0,
  DCHAG_EACH_STEP = 1, ///< for each batch, unless the user asks for another one
  DCHAG_ON_REQUEST = 2 ///< for each batch when the user asks for it
} dchag_entry_time;

/// `buffers` numbers the buffers that the entry point reads or writes, in ascending order.
typedef struct dchag_entry_point {
  const char *name;
  int32_t time;
  int32_t num_buffers;
  const int32_t *buffers;
  int64_t arena_bytes;
  int64_t thread_bytes; ///< after the arena, for each thread of the rank
  dchag_entry function;
} dchag_entry_point;

typedef struct dchag_program {
  uint64_t magic;
  uint32_t abi_version;
  uint32_t size;    ///< of this structure in bytes
  const char *name; ///< name of the model, for messages
  const char
      *cpu_features; ///< comma-separated LLVM names ("avx2,fma"), checked at start; may be ""
  int32_t num_axes;
  const dchag_axis *axes;
  int32_t num_groups;
  const dchag_comm_group *groups;
  int32_t num_buffers;
  const dchag_buffer *buffers;
  int32_t num_file_params;
  const dchag_file_param *file_params;
  int32_t num_entries;
  const dchag_entry_point *entries; ///< one of them each step
  /// Text for each collective of the program: all_gather #5 over "tp" (from "agg.0" in
  /// climax.onnx).
  int32_t num_sites;
  const char *const *sites;
} dchag_program;

/// The only symbol of a generated object that the runtime uses.
extern const dchag_program dchag_model;

//===----------------------------------------------------------------------===//
// Called by generated code. After a failed collective the context is poisoned: every later call
// returns at once, and the runtime reports the error after the entry point.
//===----------------------------------------------------------------------===//

/// Position of this rank along mesh axis `axis`.
int64_t dchag_rt_axis_index(dchag_context *context, int32_t axis);

/// Collectives within `group` (n ranks), of data that the work of `queue` before them has written.
/// `site` indexes the table of sites. Data is contiguous:
/// all_gather:     src [count]      -> dst [n, count]
/// reduce_scatter: src [n, count]   -> dst [count]
/// all_reduce:     src [count]      -> dst [count], src == dst allowed
/// all_to_all:     src [n, count / n], part i for rank i -> dst [n, count / n], part i from rank i
void dchag_rt_all_gather(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int64_t count, const void *src, void *dst);
void dchag_rt_reduce_scatter(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                             int32_t dtype, int32_t reduction, int64_t count, const void *src,
                             void *dst);
void dchag_rt_all_reduce(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int32_t reduction, int64_t count, const void *src,
                         void *dst);
void dchag_rt_all_to_all(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int64_t count, const void *src, void *dst);

/// Non-blocking collectives: the start takes the arguments of the blocking form and returns a
/// request for dchag_rt_wait. Until then the program neither writes `src` nor reads or writes
/// `dst`. Several may be in progress, and blocking ones may come between; all ranks start, and wait
/// for, the same ones in the same order. null after a failure, which wait accepts.
void *dchag_rt_start_all_gather(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int64_t count, const void *src, void *dst);
void *dchag_rt_start_reduce_scatter(dchag_context *context, int32_t queue, int32_t site,
                                    int32_t group, int32_t dtype, int32_t reduction, int64_t count,
                                    const void *src, void *dst);
void *dchag_rt_start_all_reduce(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int32_t reduction, int64_t count, const void *src,
                                void *dst);
void *dchag_rt_start_all_to_all(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int64_t count, const void *src, void *dst);
void dchag_rt_wait(dchag_context *context, void *request);

/// Copies `bytes` bytes on `queue` of the device, between any two of its memory spaces.
void dchag_rt_copy(dchag_context *context, int32_t queue, int64_t bytes, const void *src,
                   void *dst);

typedef enum dchag_activation {
  DCHAG_ACT_NONE = 0,
  DCHAG_ACT_GELU_ERF = 1,
  DCHAG_ACT_GELU_TANH = 2
} dchag_activation;

#define DCHAG_RT_MAX_BATCH 4

/// c[batch..., m, n] = act(alpha * sum_k a[batch..., m, k] * b[batch..., k, n] + bias + (accumulate
/// ? c : 0)). Strides in elements, one for each batch dimension, then the two matrix dimensions; a
/// batch stride of 0 repeats the operand. `bias_strides` are over [batch..., m, n], 0 where
/// the bias does not vary; has_bias says whether there is one. Sums are in f32 at least.
typedef struct dchag_matmul {
  int32_t a_dtype, b_dtype, c_dtype, bias_dtype;
  int32_t num_batch;
  int32_t has_bias;
  int32_t activation;
  int32_t accumulate;
  double alpha;
  int64_t batch[DCHAG_RT_MAX_BATCH];
  int64_t m, n, k;
  int64_t a_strides[DCHAG_RT_MAX_BATCH + 2];
  int64_t b_strides[DCHAG_RT_MAX_BATCH + 2];
  int64_t c_strides[DCHAG_RT_MAX_BATCH + 2];
  int64_t bias_strides[DCHAG_RT_MAX_BATCH + 2];
} dchag_matmul;

/// `op` is constant data of the program: a device may cache what it derives from it by its address.
void dchag_rt_matmul(dchag_context *context, int32_t queue, const dchag_matmul *op, const void *a,
                     const void *b, const void *bias, void *c);

//===----------------------------------------------------------------------===//
// Devices own the memory of a rank and do its work. The runtime calls them through a table.
//===----------------------------------------------------------------------===//

typedef struct dchag_device dchag_device;
/// A queue of a device: its work is done in order. null if work is done at once.
typedef struct dchag_queue dchag_queue;
typedef struct dchag_event dchag_event;

/// Functions that return int return 0, or non-zero after a failure that `last_error` describes;
/// those that return a pointer return null after one, unless it says otherwise.
typedef struct dchag_device_ops {
  uint32_t abi_version;
  uint32_t table_bytes; ///< size of this structure
  const char *name;
  /// The queue with a number of the program; 0 is the queue of kernels and products.
  dchag_queue *(*queue)(dchag_device *device, int32_t number);
  /// Zeroed memory, aligned to DCHAG_RT_ALIGNMENT, in a memory space; `purpose` is for the message.
  void *(*allocate)(dchag_device *device, int32_t memory_space, int64_t bytes, const char *purpose);
  void (*release)(dchag_device *device, int32_t memory_space, void *data, int64_t bytes);
  int (*copy)(dchag_device *device, dchag_queue *queue, void *dst, const void *src, int64_t bytes);
  /// Loads an image of kernels that the program contains, and finds a kernel in it.
  void *(*load)(dchag_device *device, const void *image, int64_t bytes);
  void *(*find)(dchag_device *device, void *image, const char *kernel);
  /// `sizes` are those of the grid and of a block, three each; each argument is a pointer to its
  /// value.
  int (*launch)(dchag_device *device, dchag_queue *queue, void *kernel, const int64_t sizes[6],
                int64_t shared_bytes, void **arguments);
  int (*multiply)(dchag_device *device, dchag_queue *queue, const dchag_matmul *op, const void *a,
                  const void *b, const void *bias, void *c);
  /// Records an event in the work of a queue, null if work is done at once; and makes work wait for
  /// it.
  dchag_event *(*record)(dchag_device *device, dchag_queue *queue);
  int (*wait)(dchag_device *device, dchag_queue *queue, dchag_event *event);
  /// Returns when all work of a queue is done.
  int (*finish)(dchag_device *device, dchag_queue *queue);
  const char *(*last_error)(dchag_device *device);
  void (*close)(dchag_device *device);
} dchag_device_ops;

//===----------------------------------------------------------------------===//
// Communicators: adapters are shared libraries that the runtime opens by name
// (libdchag_comm_NAME.so) and asks for one table by dchag_comm_open.
//===----------------------------------------------------------------------===//

typedef struct dchag_comm dchag_comm;

typedef enum dchag_collective_kind {
  DCHAG_ALL_GATHER = 0,
  DCHAG_ALL_REDUCE = 1,
  DCHAG_REDUCE_SCATTER = 2,
  DCHAG_ALL_TO_ALL = 3
} dchag_collective_kind;

/// A collective as data. `count` is the argument of the blocking function: bytes, or elements of
/// `dtype` if there is a `reduction`.
typedef struct dchag_collective {
  int32_t kind;
  int32_t dtype;
  int32_t reduction;
  int64_t count;
  dchag_queue *queue; ///< of the device whose memory it is
  const void *src;
  void *dst;
} dchag_collective;

/// All functions return 0, or non-zero after a failure that `last_error` describes. Data is
/// contiguous. `queue` belongs to the device that owns the memory, null for memory of the host.
typedef struct dchag_comm_ops {
  uint32_t abi_version;
  uint32_t table_bytes; ///< size of this structure
  const char *name;
  int (*rank)(dchag_comm *comm);
  int (*size)(dchag_comm *comm);
  /// Ranks of the same color, ordered by key. Collective over `comm`.
  dchag_comm *(*split)(dchag_comm *comm, int color, int key);
  int (*all_gather)(dchag_comm *comm, dchag_queue *queue, const void *src, void *dst,
                    int64_t bytes);
  int (*all_reduce)(dchag_comm *comm, dchag_queue *queue, const void *src, void *dst, int64_t count,
                    int32_t dtype, int32_t reduction);
  int (*reduce_scatter)(dchag_comm *comm, dchag_queue *queue, const void *src, void *dst,
                        int64_t count, int32_t dtype,
                        int32_t reduction); ///< count elements for each rank
  int (*all_to_all)(dchag_comm *comm, dchag_queue *queue, const void *src, void *dst,
                    int64_t bytes);
  int (*barrier)(dchag_comm *comm);
  /// Starts a collective that `wait` ends; null after a failure. An adapter that cannot move data
  /// in the background does everything in `wait`.
  void *(*start)(dchag_comm *comm, const dchag_collective *collective);
  int (*wait)(dchag_comm *comm, void *request);
  /// Called from time to time while a collective is in progress, for adapters that only move data
  /// in calls.
  void (*progress)(dchag_comm *comm);
  const char *(*last_error)(dchag_comm *comm);
  /// Ends this rank and, where the communicator can, all others, with this exit code.
  void (*abort)(dchag_comm *comm, int code);
  void (*close)(dchag_comm *comm);
} dchag_comm_ops;

/// Options for opening an adapter.
typedef struct dchag_comm_options {
  uint32_t abi_version;
  uint32_t size;       ///< of this structure in bytes
  double timeout_s;    ///< how long a rank waits for others; 0: for ever
  const char *program; ///< name of the model, for messages
  uint64_t identity;   ///< equal for ranks of one program, different for most others
  /// Ends this process: prints its line with position and reason, and removes unfinished files. For
  /// a thread of the adapter, when the calls of this rank cannot return; may be null.
  void (*stop)(void *data, const char *reason);
  void *stop_data;
} dchag_comm_options;

/// Entry of an adapter: returns its table and the communicator of all ranks, or null with a
/// one-line reason in `error` (capacity `error_size`).
typedef const dchag_comm_ops *(*dchag_comm_open_fn)(const dchag_comm_options *options,
                                                    dchag_comm **world, char *error,
                                                    int64_t error_size);

#ifdef __cplusplus
}
#endif

#endif // DCHAG_RT_H
