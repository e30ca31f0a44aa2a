/*
 * The option revocations: one record of a user in a strong store says which
 * logins are over. Here, the sessions' own store shows anything at any time: a
 * cookie carries its session, or a slow write has brought the record back. So
 * only that one record can end a session.
 *
 * README.md says what is checked and how to run it. -DSETUP_x chooses who takes
 * part, -DPROPS which properties are asserted, and -DBREAK_x breaks the protocol
 * on purpose.
 */

#define R_OVER 1  /* R1: what was ended opens nothing, nor does what came of it */
#define R_STAYS 2 /* R2: nobody else is logged out */
#ifndef PROPS
#define PROPS 3
#endif
#define must(p, e) assert(!((p) & PROPS) || (e))

#define READ 1
#define LOGIN 2
#define REGEN 4
#define OTHERS 8  /* revokeAll with the own session as except */
#define ALL 16    /* revokeAll without */
#define DESTROY 32

#ifdef SETUP_REVOKE_ALL /* two browsers and somebody who revokes all */
#define PEOPLE \
  run Tab(0, 2, READ | REGEN | LOGIN); \
  run Tab(1, 1, DESTROY | READ); \
  run Tab(2, 1, ALL)
#define COUNT_OF_PEOPLE 3
#endif
#ifdef SETUP_OTHERS /* one browser ends the other's session, and goes on */
#define PEOPLE \
  run Tab(0, 3, READ | REGEN | OTHERS); \
  run Tab(1, 2, READ | REGEN | LOGIN | DESTROY)
#define COUNT_OF_PEOPLE 2
#endif
#ifdef SETUP_EACH_OTHER /* both do, and a thief has a copy of one's cookie */
#define PEOPLE \
  run Tab(0, 2, OTHERS | READ); \
  run Tab(1, 2, OTHERS | READ); \
  run Tab(2, 2, READ | REGEN)
#define COUNT_OF_PEOPLE 3
#endif
#ifdef SETUP_TABS /* two tabs of one browser: one regenerates, one ends others */
#define PEOPLE \
  run Tab(0, 1, REGEN); \
  run Tab(0, 2, OTHERS | READ)
#define COUNT_OF_PEOPLE 2
#endif
#ifndef FAULTS
#define FAULTS 1 /* answers of the record's store that are lost */
#endif
#ifndef CRASHES
#define CRASHES 1 /* processes that stop between two calls */
#endif

/* The user's record. */
byte epoch = 0;
byte except = 0;
int ended = 0; /* by the bits of sessions: those ended one by one, or left */
byte rev = 0;

/* Cookies: 0 and 1 are browsers, 2 is a thief with a copy of what 0 has. */
typedef Cookie {
  byte sid;
  byte epoch;
}
Cookie jar[3];

#define SIDS 9
byte top = 3;
byte running = 0;
byte faults = FAULTS;
byte crashes = CRASHES;

/* What only the properties know: the login that a session came from, those that
 * an acknowledged call has ended, and those that may have been by any call. */
byte root[SIDS];
bit over[SIDS];
bit gone[SIDS];
bit cut[SIDS];

#define isIn(I) (((ended) >> (I)) & 1)

#define OPEN 0
#define ASK 1   /* it reads the user's record, to change it */
#define WRITE 2 /* it changes that */
#define AGAIN 3 /* another one was faster */
#define LOST 4  /* its answer was lost */
#define DONE 5
#define MAKE 6  /* it writes a session by a new id */
#define OVER 7

/* One compare and swap on the user's record; its answer may be lost, and the id
 * of the write tells that it is there. */
inline change() {
  if
#ifndef BREAK_SWAP
  :: rev != seen -> step = AGAIN
#endif
  :: else ->
    epoch = e;
    except = x;
    ended = d;
    rev++;
    if
    :: true -> step = DONE
    :: faults -> faults--; step = LOST
    fi
  fi
}

proctype Tab(byte b; byte count; byte ops) {
  byte op, step, seen, e, x, i, next, stamp;
  int d;
  bit v;
  Cookie c;
  int before;
  do
  :: count ->
    atomic {
      c.sid = jar[b].sid;
      c.epoch = jar[b].epoch;
      if
      :: ops & READ -> op = READ
      :: ops & LOGIN -> op = LOGIN
      :: ops & REGEN -> op = REGEN
      :: ops & OTHERS -> op = OTHERS
      :: ops & ALL -> op = ALL
      :: ops & DESTROY -> op = DESTROY
      fi;
      step = OPEN
    }
    atomic {
      v = !isIn(c.sid) && (c.epoch >= epoch || except == c.sid);
#ifndef BREAK_RAISE
      /* It stays by its epoch from now on. */
      c.epoch = (v && c.epoch < epoch -> epoch : c.epoch);
#endif
      must(R_OVER, !(v && (gone[c.sid] || over[root[c.sid]])));
      must(R_STAYS, v || cut[root[c.sid]] || isIn(c.sid));
      printf("t0 tab of %d op %d: opens %d of epoch %d, now %d: %d\n", b, op,
        c.sid, c.epoch, epoch, v);
      before = 0;
      for (i : 1 .. SIDS - 1) {
        before = before | (i < top -> (1 << i) : 0)
      }
      i = 0;
      step = (op == READ || op == REGEN && !v || op == OTHERS && !v ||
        op == DESTROY && !v -> OVER :
        (op == LOGIN || op == REGEN -> MAKE : ASK));
      /* A login has the epoch of before its record is made. */
      stamp = (op == LOGIN -> epoch : c.epoch)
#ifdef BREAK_STAMP
      ;
      stamp = epoch
#endif
    }
    do
    :: atomic { step == MAKE ->
#ifdef BREAK_STAMP
        stamp = epoch;
#endif
        next = top;
        top++;
        root[next] = (op == LOGIN -> next : root[c.sid]);
        cut[next] = (stamp < epoch && op == LOGIN);
        step = (v -> ASK : DONE)
      }
    :: atomic { step == ASK ->
        seen = rev;
        e = epoch;
        x = except;
        d = ended;
        step = WRITE
      }
    :: atomic { step == AGAIN -> step = ASK }
    :: atomic { step == LOST ->
        /* It reads again, and finds its own write. */
        step = DONE
      }
    :: atomic { step == WRITE ->
        if
        :: op == OTHERS || op == ALL ->
          e++;
          x = (op == OTHERS -> c.sid : 0);
          change();
          if
          :: step != AGAIN ->
            for (i : 1 .. SIDS - 1) {
              cut[i] = cut[i] || (i < top && (op == ALL || root[i] != root[c.sid]))
            }
            i = 0
          :: else
          fi
        :: else -> d = d | (1 << c.sid); change()
        fi;
        printf("t0 tab of %d op %d writes: %d, epoch %d except %d\n", b, op, step,
          epoch, except)
      }
    :: atomic { step == DONE ->
        /* It is acknowledged. */
        if
        :: op == OTHERS || op == ALL ->
          for (i : 1 .. SIDS - 1) {
            over[i] = over[i] || (((before >> i) & 1) && root[i] == i &&
              (op == ALL || i != root[c.sid]))
          }
          i = 0;
          jar[b].epoch = (op == OTHERS && jar[b].sid == c.sid -> e :
            jar[b].epoch)
        :: op == DESTROY -> gone[c.sid] = 1
        :: else ->
          gone[c.sid] = gone[c.sid] || v;
          if
          :: jar[b].sid = next; jar[b].epoch = stamp
          :: skip /* the answer is lost */
          fi
        fi;
        step = OVER
      }
    :: atomic { crashes && step != OPEN && step != OVER ->
        crashes--;
        printf("t0 tab of %d: its process stops\n", b);
        step = OVER
      }
    :: atomic { step == OVER -> break }
    od;
    atomic {
      op = 0; step = 0; seen = 0; e = 0; x = 0; d = 0; next = 0; stamp = 0;
      v = 0; before = 0; c.sid = 0; c.epoch = 0;
      count--
    }
  :: !count -> break
  od;
  running--
}

init {
  atomic {
    jar[0].sid = 1;
    jar[1].sid = 2;
    jar[2].sid = 1;
    root[1] = 1;
    root[2] = 2;
    running = COUNT_OF_PEOPLE;
    PEOPLE
  }
}
