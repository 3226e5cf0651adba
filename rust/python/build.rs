//! Tells the binding which Python it is built for, `Py_GIL_DISABLED` above all.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
