/* A webcam that is not there: loaded with LD_PRELOAD, it answers for /dev/video0 as a Video4Linux driver would, so that
   the real path through nokhwa runs on a machine without a camera. What it plays is said by the environment:

     SHIM_PLAYS   mjpeg, yuyv      a webcam of that format, 640x480 and 320x240, 30 frames a second
                  rounding         one that gives 320x240 whatever it is asked for
                  ntsc, only-ntsc  one that runs at 30000/1001 frames a second, but offers 30; one that offers nothing else
                  grey, metadata   a gray one (GREY); a device for data only
                  busy, forbidden  one that another program streams from; one that this user may not open
     SHIM_FRAME   the file with an MJPEG frame
     SHIM_AFTER   how many frames it gives before SHIM_THEN happens
     SHIM_THEN    unplug, stall, garbage

   The device is a timerfd (it can be polled), its buffers are a memfd. Kernel interface: linux/videodev2.h. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BUFFERS 4
#define BUFFER_BYTES (1 << 20)

static long (*real_syscall)(long, ...);
static int (*real_open)(const char *, int, ...);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);

static int device = -1, memory = -1;
static unsigned char *buffers;
static unsigned width = 640, height = 480, format, queued[BUFFERS], head, tail, frames;

__attribute__((constructor)) static void start(void) {
    real_syscall = dlsym(RTLD_NEXT, "syscall");
    real_open = dlsym(RTLD_NEXT, "open");
    real_mmap = dlsym(RTLD_NEXT, "mmap");
}

static int plays(const char *what) {
    const char *plays = getenv("SHIM_PLAYS");
    return plays && !strcmp(plays, what);
}

static int then(const char *what) {
    const char *after = getenv("SHIM_AFTER"), *then = getenv("SHIM_THEN");
    return after && then && frames >= (unsigned)atoi(after) && !strcmp(then, what);
}

static int fail(int number) {
    errno = number;
    return -1;
}

static int open_device(void) {
    if (plays("forbidden")) return fail(EACCES);
    if (then("unplug")) return fail(ENOENT);
    format = plays("mjpeg") ? V4L2_PIX_FMT_MJPEG : plays("grey") ? V4L2_PIX_FMT_GREY : V4L2_PIX_FMT_YUYV;
    if (plays("rounding")) width = 320, height = 240;
    memory = memfd_create("buffers", 0);
    if (ftruncate(memory, (off_t)BUFFERS * BUFFER_BYTES)) return -1;
    buffers = real_mmap(0, (size_t)BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    return device = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
}

static void every_33_ms(int on) {
    struct itimerspec spec = {{0, on ? 33333333 : 0}, {0, on ? 33333333 : 0}};
    timerfd_settime(device, 0, &spec, 0);
}

/* A ramp of gray from left to right, or the frame's file, or noise; the rest of the buffer is left as it was. */
static unsigned fill(unsigned char *to) {
    if (then("garbage")) {
        for (unsigned i = 0; i < 4096; i++) to[i] = (unsigned char)(i * 31);
        return 4096;
    }
    if (format == V4L2_PIX_FMT_MJPEG) {
        int file = real_open(getenv("SHIM_FRAME"), O_RDONLY);
        ssize_t bytes = read(file, to, BUFFER_BYTES);
        close(file);
        return bytes > 0 ? (unsigned)bytes : 0;
    }
    for (unsigned i = 0; i < width * height; i++) {
        to[2 * i] = (unsigned char)(16 + 219 * (i % width) / (width - 1));
        to[2 * i + 1] = 128;
    }
    return width * height * 2;
}

static int answer(unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *it = argument;
        memset(it, 0, sizeof *it);
        strcpy((char *)it->driver, "shim");
        strcpy((char *)it->card, "Webcam of the tests");
        it->capabilities = it->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *it = argument;
        if (it->index > 0 || plays("metadata")) return fail(EINVAL);
        it->pixelformat = format;
        strcpy((char *)it->description, "as played");
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *it = argument;
        if (it->index > 1) return fail(EINVAL);
        it->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        it->discrete.width = it->index ? 640 : 320;
        it->discrete.height = it->index ? 480 : 240;
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *it = argument;
        if (it->index > 0) return fail(EINVAL);
        it->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        it->discrete.numerator = plays("only-ntsc") ? 1001 : 1;
        it->discrete.denominator = plays("only-ntsc") ? 30000 : 30;
        return 0;
    }
    case VIDIOC_S_FMT:
    case VIDIOC_G_FMT: {
        struct v4l2_format *it = argument;
        if (request == VIDIOC_S_FMT) {
            if (plays("busy")) return fail(EBUSY);
            if (!plays("rounding")) width = it->fmt.pix.width, height = it->fmt.pix.height;
        }
        memset(&it->fmt, 0, sizeof it->fmt);
        it->fmt.pix.width = width;
        it->fmt.pix.height = height;
        it->fmt.pix.pixelformat = format;
        it->fmt.pix.field = V4L2_FIELD_NONE;
        return 0;
    }
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: {
        struct v4l2_streamparm *it = argument;
        it->parm.capture.timeperframe.numerator = plays("ntsc") ? 1001 : 1;
        it->parm.capture.timeperframe.denominator = plays("ntsc") ? 30000 : 30;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *it = argument;
        if (plays("busy")) return fail(EBUSY);
        if (it->count > BUFFERS) it->count = BUFFERS;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *it = argument;
        it->length = BUFFER_BYTES;
        it->m.offset = it->index * BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_QBUF:
        if (then("unplug")) return fail(ENODEV);
        queued[tail++ % BUFFERS] = ((struct v4l2_buffer *)argument)->index;
        return 0;
    case VIDIOC_DQBUF: {
        struct v4l2_buffer *it = argument;
        uint64_t ticks;
        if (then("unplug")) return fail(ENODEV);
        if (head == tail || read(device, &ticks, sizeof ticks) < 0) return fail(EAGAIN);
        it->index = queued[head++ % BUFFERS];
        it->bytesused = fill(buffers + it->index * BUFFER_BYTES);
        it->sequence = frames++;
        if (then("stall")) every_33_ms(0);
        return 0;
    }
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        if (then("unplug")) return fail(ENODEV);
        if (request == VIDIOC_STREAMOFF) head = tail = 0;
        every_33_ms(request == VIDIOC_STREAMON);
        return 0;
    default:
        return fail(ENOTTY);
    }
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = va_arg(list, mode_t);
    va_end(list);
    if (!strcmp(path, "/dev/video0") && getenv("SHIM_PLAYS")) return open_device();
    return real_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
    return real_mmap(at, length, protection, flags, file >= 0 && file == device ? memory : file, offset);
}

void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));

long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number == SYS_ioctl && device >= 0 && a == device) return answer((unsigned long)b, (void *)c);
    return real_syscall(number, a, b, c, d, e, f);
}
