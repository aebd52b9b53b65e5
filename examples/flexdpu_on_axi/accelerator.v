// A user's design in plain Verilog: a Flex-DPU on AXI4-Lite and AXI-Stream, behind a FIFO of results, with an interrupt.
module accelerator (
    input aclk, input aresetn,
    input [8:0] s_axi_awaddr, input [2:0] s_axi_awprot, input s_axi_awvalid, output s_axi_awready,
    input [31:0] s_axi_wdata, input [3:0] s_axi_wstrb, input s_axi_wvalid, output s_axi_wready,
    output [1:0] s_axi_bresp, output s_axi_bvalid, input s_axi_bready,
    input [8:0] s_axi_araddr, input [2:0] s_axi_arprot, input s_axi_arvalid, output s_axi_arready,
    output [31:0] s_axi_rdata, output [1:0] s_axi_rresp, output s_axi_rvalid, input s_axi_rready,
    input [63:0] s_axis_stationary_tdata, input [7:0] s_axis_stationary_tkeep, input s_axis_stationary_tlast,
    input s_axis_stationary_tvalid, output s_axis_stationary_tready,
    input [63:0] s_axis_streaming_tdata, input [7:0] s_axis_streaming_tkeep, input s_axis_streaming_tlast,
    input s_axis_streaming_tvalid, output s_axis_streaming_tready,
    output [63:0] m_axis_results_tdata, output [7:0] m_axis_results_tkeep, output m_axis_results_tlast,
    output m_axis_results_tvalid, input m_axis_results_tready,
    output reg irq
);
  wire rst = ~aresetn;
  wire [63:0] result_tdata;
  wire [7:0] result_tkeep;
  wire result_tlast, result_tvalid, result_tready;

  flexdpu unit (
      .clk(aclk), .rst(rst),
      .s_axi_awaddr(s_axi_awaddr), .s_axi_awprot(s_axi_awprot), .s_axi_awvalid(s_axi_awvalid),
      .s_axi_awready(s_axi_awready), .s_axi_wdata(s_axi_wdata), .s_axi_wstrb(s_axi_wstrb),
      .s_axi_wvalid(s_axi_wvalid), .s_axi_wready(s_axi_wready), .s_axi_bresp(s_axi_bresp),
      .s_axi_bvalid(s_axi_bvalid), .s_axi_bready(s_axi_bready), .s_axi_araddr(s_axi_araddr),
      .s_axi_arprot(s_axi_arprot), .s_axi_arvalid(s_axi_arvalid), .s_axi_arready(s_axi_arready),
      .s_axi_rdata(s_axi_rdata), .s_axi_rresp(s_axi_rresp), .s_axi_rvalid(s_axi_rvalid), .s_axi_rready(s_axi_rready),
      .s_axis_stationary_0_tdata(s_axis_stationary_tdata), .s_axis_stationary_0_tkeep(s_axis_stationary_tkeep),
      .s_axis_stationary_0_tlast(s_axis_stationary_tlast), .s_axis_stationary_0_tvalid(s_axis_stationary_tvalid),
      .s_axis_stationary_0_tready(s_axis_stationary_tready),
      .s_axis_streaming_0_tdata(s_axis_streaming_tdata), .s_axis_streaming_0_tkeep(s_axis_streaming_tkeep),
      .s_axis_streaming_0_tlast(s_axis_streaming_tlast), .s_axis_streaming_0_tvalid(s_axis_streaming_tvalid),
      .s_axis_streaming_0_tready(s_axis_streaming_tready),
      .m_axis_results_0_tdata(result_tdata), .m_axis_results_0_tkeep(result_tkeep),
      .m_axis_results_0_tlast(result_tlast), .m_axis_results_0_tvalid(result_tvalid),
      .m_axis_results_0_tready(result_tready));

  // Results wait here for a DMA engine that is busy: 16 beats.
  reg [72:0] fifo [0:15];
  reg [4:0] written, taken;
  assign result_tready = (written - taken) != 5'd16;
  assign m_axis_results_tvalid = written != taken;
  assign {m_axis_results_tlast, m_axis_results_tkeep, m_axis_results_tdata} = fifo[taken[3:0]];
  wire moves = m_axis_results_tvalid & m_axis_results_tready;
  always @(posedge aclk)
    if (rst) begin
      written <= 0;
      taken <= 0;
      irq <= 0;
    end else begin
      if (result_tvalid & result_tready) begin
        fifo[written[3:0]] <= {result_tlast, result_tkeep, result_tdata};
        written <= written + 1'b1;
      end
      if (moves) taken <= taken + 1'b1;
      // A packet of results is out; operands of the next job end the interrupt.
      if (moves & m_axis_results_tlast) irq <= 1;
      else if (s_axis_stationary_tvalid & s_axis_stationary_tready) irq <= 0;
    end
endmodule
